/// The exit codes of all commands. 64 and above are those of BSD's `sysexits.h`.
enum ExitStatus: Int32, Sendable {
    case success = 0
    /// Something is not as it should be: the output says what.
    case findings = 1
    case rejected = 3
    case failed = 4
    case partial = 5
    case noAnswer = 6
    /// `EX_USAGE`
    case usage = 64
    /// `EX_DATAERR`
    case dataError = 65
    /// `EX_NOINPUT`
    case noInput = 66
    /// `EX_UNAVAILABLE`
    case unavailable = 69
    /// `EX_SOFTWARE`
    case softwareFault = 70
    /// 128 and SIGINT, as shells say it.
    case interrupted = 130
}

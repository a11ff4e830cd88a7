internal import CChildProcess
import Contracts
internal import Glibc

/// Another program, run where it can do no harm: in a private folder, with limits to its time, memory and output,
/// without a shell, without our environment, and without a voice. What it prints may hold names, so nobody reads it.
struct ConfinedProgram: Sendable {
    /// What a conversion may take.
    struct Limits: Sendable, Equatable {
        /// Wall-clock seconds; as many of processor time.
        var seconds = 60
        /// Bytes of address space.
        var memory = 4 << 30
        /// Bytes of all files together that it writes.
        var outputBytes = 1 << 30

        init() {}
    }

    let path: String
    let limits: Limits

    /// Finds a program, for ever: what is installed while a service runs is found at its next start.
    ///
    /// - Parameter name: without a folder.
    /// - Returns: an absolute path; nil where it is not installed.
    static func find(_ name: String) -> String? {
        ["/usr/bin", "/usr/local/bin", "/bin", "/opt/homebrew/bin"].lazy.map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 }
    }

    /// Runs the program to its end.
    ///
    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - folder: where it runs; its home and its temporary folder, too.
    ///   - output: the folder that it writes to, watched for its size; nil where one file is all that it writes.
    ///   - subject: what errors call the series.
    /// - Returns: the exit status; 128 and the number of a signal that ended it.
    /// - Throws: `converter-limit`, or `converter-missing` (permanent) where it cannot be started.
    func run(
        _ arguments: [String], in folder: String, output: String?, subject: String
    ) throws(ImagingError) -> Int32 {
        let process = try start(arguments, in: folder, subject: subject)
        var hasEnded = false
        defer {
            if !hasEnded {
                kill(-process, SIGKILL)
                var ending: Int32 = 0
                while waitpid(process, &ending, 0) < 0, errno == EINTR {}
            }
        }
        let deadline = ContinuousClock.now + .seconds(limits.seconds)
        var pause: UInt32 = 500
        while true {
            var ending: Int32 = 0
            let ended = waitpid(process, &ending, WNOHANG)
            if ended == process {
                hasEnded = true
                // Nothing that it left running stays.
                kill(-process, SIGKILL)
                let signal = ending & 0x7f
                if signal == SIGXCPU || signal == SIGXFSZ { throw overrun("its limits of time and output", subject) }
                return signal == 0 ? ending >> 8 & 0xff : 128 + signal
            }
            guard ended == 0 || errno == EINTR else {
                throw .system(errno, doing: "wait for the converter", subject: subject)
            }
            guard ContinuousClock.now < deadline else { throw overrun("\(limits.seconds) s", subject) }
            if let output, PrivateFolder.contents(of: output).byteCount > limits.outputBytes {
                throw overrun("\(limits.outputBytes) bytes of output", subject)
            }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }

    private func start(_ arguments: [String], in folder: String, subject: String) throws(ImagingError) -> pid_t {
        let environment = ["PATH=/usr/bin:/bin", "HOME=\(folder)", "TMPDIR=\(folder)", "LC_ALL=C.UTF-8"]
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
        words.append(nil)
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) }
        variables.append(nil)
        defer { for pointer in words + variables { free(pointer) } }
        var bounds = child_limits(
            memory: UInt64(limits.memory), processor_seconds: UInt64(limits.seconds),
            file_bytes: UInt64(limits.outputBytes), descriptors: 64)
        let process = child_start(path, &words, &variables, folder, &bounds)
        guard process > 0 else {
            let reason = String(cString: strerror(-process))
            if -process == EAGAIN || -process == ENOMEM {
                throw ImagingError(
                    .fileUnreadable, .transient, subject: subject, "the converter cannot be started now (\(reason))")
            }
            throw ImagingError(
                .converterMissing, .permanent, subject: subject, "the converter cannot be started (\(reason))")
        }
        return process
    }

    private func overrun(_ limit: String, _ subject: String) -> ImagingError {
        ImagingError(
            .converterLimit, subject: subject,
            "the DICOM converter went beyond \(limit) and was ended; send a smaller or an undamaged series")
    }
}

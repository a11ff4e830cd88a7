import FoundationEssentials

/// Settings of a `RedisTensorStore`.
package struct RedisConfiguration: Sendable, CustomStringConvertible {
    package var address: RedisAddress
    /// A file whose first line is the password; read at every connect, so that a password can be changed while running.
    /// It comes before the password in the address.
    package var passwordFile: String?
    /// Most connections at once; each has a thread of its own.
    package var connectionCount = 4
    /// Longest time to establish a connection.
    package var connectTimeout: Duration = .seconds(2)
    /// Longest time that a command may take, besides the time that its bytes need at `minimumBytesPerSecond`.
    package var commandTimeout: Duration = .seconds(5)
    /// The rate at which large values must move at least.
    package var minimumBytesPerSecond = 8 << 20
    /// First and longest pause between attempts to connect; each attempt doubles it, and chance shortens it.
    package var backOff: ClosedRange<Duration> = .milliseconds(50) ... .seconds(2)
    /// Longest value; Redis itself allows 512 MiB (`proto-max-bulk-len`).
    package var maximumValueByteCount = 512 << 20
    /// The name that `CLIENT LIST` shows; no spaces.
    package var clientName = "oncorelay"

    package init(address: RedisAddress) {
        self.address = address
    }

    /// Settings with the defaults for an address such as `redis://host:6379/0`.
    ///
    /// - Throws: `invalidArgument`.
    package init(url: String) throws(TensorStoreError) {
        address = try RedisAddress(url)
    }

    /// Without the password.
    package var description: String { address.description }

    /// The password to use now.
    ///
    /// - Throws: `authenticationFailed` when the password file cannot be read.
    func password() throws(TensorStoreError) -> String? {
        guard let passwordFile else { return address.password }
        guard let data = FileManager.default.contents(atPath: passwordFile) else {
            throw .authenticationFailed(reason: "cannot read the password file '\(passwordFile)'")
        }
        let line = data.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard !line.isEmpty else {
            throw .authenticationFailed(reason: "the first line of the password file '\(passwordFile)' is empty")
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// - Throws: `invalidArgument` for settings that cannot work.
    func check() throws(TensorStoreError) {
        guard connectionCount >= 1 else {
            throw .invalidArgument(reason: "expected at least 1 connection, got \(connectionCount)")
        }
        guard connectTimeout > .zero, commandTimeout > .zero, backOff.lowerBound > .zero else {
            throw .invalidArgument(reason: "expected positive time-outs and pauses")
        }
        guard minimumBytesPerSecond > 0, maximumValueByteCount > 0 else {
            throw .invalidArgument(reason: "expected positive limits of rate and size")
        }
    }
}

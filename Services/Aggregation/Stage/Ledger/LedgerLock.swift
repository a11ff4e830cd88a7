#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Shows that one process owns a ledger: an advisory lock (flock) on a file beside it, which holds the owner's id.
///
/// The system releases it when the process ends, however it ends.
final class LedgerLock: Sendable {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Lets another process have the ledger.
    func release() { flock(descriptor, LOCK_UN) }

    /// - Throws: ``LedgerError`` `owned` while another has it, `unwritable` where the file cannot be made.
    static func acquire(for ledger: String) throws(LedgerError) -> LedgerLock {
        let descriptor = open(ledger + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unwritable(path: ledger, reason: String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            let owner = owner(descriptor)
            close(descriptor)
            guard number == EWOULDBLOCK else {
                throw .unwritable(path: ledger, reason: String(cString: strerror(number)))
            }
            throw .owned(path: ledger, owner: owner)
        }
        let lock = LedgerLock(descriptor: descriptor)
        let text = "\(getpid())\n"
        // For people only; the lock holds without it.
        _ = ftruncate(descriptor, 0)
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
        return lock
    }

    private static func owner(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(0, count)).prefix { (48...57).contains($0) }
        return digits.isEmpty ? "" : " (process \(String(decoding: digits, as: UTF8.self)))"
    }
}

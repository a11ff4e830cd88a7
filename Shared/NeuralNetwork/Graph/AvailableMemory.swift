internal import Glibc

/// Memory that this process may still take.
package enum AvailableMemory {
    /// The least of what the system, the process's control group and its own limit leave; nil where none can be read.
    package static var byteCount: Double? {
        [systemBytes, controlGroupBytes, limitBytes].compactMap { $0 }.min()
    }

    /// `MemAvailable` of `/proc/meminfo`, in KiB there.
    private static var systemBytes: Double? {
        guard let text = text(of: "/proc/meminfo") else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
            let words = line.split(separator: " ")
            if words.count > 1, let kibibytes = Double(words[1]) { return kibibytes * 1024 }
        }
        return nil
    }

    /// Version 2 control groups, as containers see their own.
    private static var controlGroupBytes: Double? {
        func number(_ name: String) -> Double? {
            text(of: "/sys/fs/cgroup/\(name)").flatMap { Double($0.split(separator: "\n").first ?? "") }
        }
        guard let limit = number("memory.max"), let used = number("memory.current") else { return nil }
        return max(0, limit - used)
    }

    /// What `ulimit -v` leaves.
    private static var limitBytes: Double? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < .max / 2,
            let pages = text(of: "/proc/self/statm")?.split(separator: " ").first, let used = Double(pages)
        else { return nil }
        return max(0, Double(limit.rlim_cur) - used * Double(getpagesize()))
    }

    /// Files of the kernel have no size and are small.
    private static func text(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}

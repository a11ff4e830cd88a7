import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Another program, run to its end.
enum ChildProcess {
    struct Result: Sendable, Equatable {
        /// 128 and the signal's number, where a signal ended it.
        var exitCode: Int32
        var output: [UInt8]
        var error: [UInt8]
    }

    /// The program could not be started.
    struct NotStarted: Error, Equatable {
        var reason: String
    }

    /// Runs a program that is found along `PATH`, away from the cooperative threads.
    ///
    /// - Parameters:
    ///   - program: Its name, or a path.
    ///   - arguments: Without the program's own name.
    ///   - input: What it reads; at most 64 KiB, the size of a pipe, because it is written before its answer is read.
    /// - Returns: What it wrote, and how it ended.
    /// - Throws: ``NotStarted``.
    static func run(_ program: String, _ arguments: [String], input: [UInt8] = []) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Swift.Result { try runAndWait(program, arguments, input: input) })
            }
        }
    }

    private static func runAndWait(_ program: String, _ arguments: [String], input: [UInt8]) throws -> Result {
        precondition(input.count <= 65_536)
        let files = try (0..<3).map { _ in try pipe() }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, files[0].read, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, files[1].write, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, files[2].write, STDERR_FILENO)
        var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        argv.append(nil)
        defer { for argument in argv { free(argument) } }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // What we ignore, and what Dispatch's threads block, would hold for the child, and then nobody could end it.
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM, SIGPIPE] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var process = pid_t()
        let status = posix_spawnp(&process, program, &actions, &attributes, argv, environ)
        close(files[0].read)
        close(files[1].write)
        close(files[2].write)
        guard status == 0 else {
            for descriptor in [files[0].write, files[1].read, files[2].read] { close(descriptor) }
            throw NotStarted(reason: String(cString: strerror(status)))
        }
        _ = input.withUnsafeBytes { write(files[0].write, $0.baseAddress, $0.count) }
        close(files[0].write)
        let (output, error) = drain(files[1].read, files[2].read)
        close(files[1].read)
        close(files[2].read)
        var ending: Int32 = 0
        while waitpid(process, &ending, 0) < 0, errno == EINTR {}
        let signal = ending & 0x7f
        return Result(exitCode: signal == 0 ? (ending >> 8) & 0xff : 128 + signal, output: output, error: error)
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var descriptors: [Int32] = [-1, -1]
        guard systemPipe(&descriptors) == 0 else { throw NotStarted(reason: String(cString: strerror(errno))) }
        // The child has its copies by dup2; it must not also hold ours open.
        for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return (descriptors[0], descriptors[1])
    }

    private static func systemPipe(_ descriptors: inout [Int32]) -> Int32 {
        #if canImport(Glibc)
            Glibc.pipe(&descriptors)
        #else
            Musl.pipe(&descriptors)
        #endif
    }

    /// Reads both until both end, so that neither fills up while we wait for the other.
    private static func drain(_ first: Int32, _ second: Int32) -> ([UInt8], [UInt8]) {
        var texts: [[UInt8]] = [[], []]
        var requests = [first, second].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var part = [UInt8](repeating: 0, count: 65_536)
        while requests.contains(where: { $0.fd >= 0 }) {
            if poll(&requests, 2, -1) < 0, errno != EINTR { break }
            for index in 0..<2 where requests[index].fd >= 0 && requests[index].revents != 0 {
                let count = read(requests[index].fd, &part, part.count)
                if count > 0 {
                    texts[index] += part[..<count]
                } else if count == 0 || errno != EINTR {
                    requests[index].fd = -1
                }
            }
        }
        return (texts[0], texts[1])
    }
}

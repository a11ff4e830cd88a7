package import Glibc
import Synchronization

/// A program run beside the tests.
///
/// Not Foundation's `Process`: there, children inherit descriptors and blocked signals, so that waiting for one may
/// wait for all, and SIGTERM may do nothing. Here a child inherits the environment only.
package final class ChildProcess: Sendable {
    package struct Failed: Error, CustomStringConvertible {
        package let description: String
    }

    package let pid: pid_t
    /// The exit status once it is known.
    private let status = Mutex<CInt?>(nil)

    /// Starts a program, which the shell's search path finds.
    ///
    /// - Parameters:
    ///   - name: the program.
    ///   - arguments: its arguments, without its name.
    ///   - environment: variables besides those of this process.
    ///   - output: a file for standard output; nothing is kept without it.
    ///   - errors: a file for standard error; nothing is kept without it.
    /// - Throws: `Failed` when it cannot be started.
    package init(
        _ name: String, _ arguments: [String], environment: [String: String] = [:], output: String = "/dev/null",
        errors: String = "/dev/null"
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        // Closing a descriptor that is not open does no harm here.
        for descriptor in CInt(3)..<1024 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        // Threads of the shared pool block signals; a child that inherits that cannot be stopped with SIGTERM.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var inherited: [String] = []
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if environment[String(text.prefix { $0 != "=" })] == nil { inherited.append(text) }
            next += 1
        }
        var words = ([name] + arguments).map { strdup($0) } + [nil]
        var variables = (inherited + environment.map { "\($0)=\($1)" }).map { strdup($0) } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, name, &actions, &attributes, &words, &variables)
        guard code == 0 else { throw Failed(description: "cannot start \(name): \(String(cString: strerror(code)))") }
        pid = child
    }

    deinit {
        send(SIGKILL)
        _ = wait()
    }

    package var isRunning: Bool { collect(WNOHANG) == nil }

    /// Sends a signal, if the program still runs.
    package func send(_ signal: CInt) {
        // While the status is not collected, nobody else can have its number.
        status.withLock { status in
            if status == nil { _ = kill(pid, signal) }
        }
    }

    /// Waits for the end; returns the exit status, or 128 and the number of the signal that ended it.
    @discardableResult
    package func wait() -> CInt {
        collect(0) ?? -1
    }

    private func collect(_ options: CInt) -> CInt? {
        status.withLock { status in
            if let status { return status }
            var raw: CInt = 0
            var collected: pid_t
            repeat { collected = waitpid(pid, &raw, options) } while collected < 0 && errno == EINTR
            guard collected != 0 else { return nil }
            let signal = raw & 0x7f
            status = collected < 0 ? -1 : (signal == 0 ? raw >> 8 & 0xff : 128 + signal)
            return status
        }
    }
}

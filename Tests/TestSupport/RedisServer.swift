package import Foundation
import Synchronization

/// A Redis server of a test's own, on a free port and a Unix socket, in a directory of its own.
package final class RedisServer: Sendable {
    package struct Options: Sendable {
        /// Such as `8mb`; with the policy `noeviction`.
        package var maximumMemory: String?
        /// Password of the default user.
        package var password: String?
        /// Lines of an access list, such as `user name on >password ~* +@all`.
        package var users: [String] = []
        /// More words for the server's command line.
        package var arguments: [String] = []

        package init() {}
    }

    package struct DidNotStart: Error, CustomStringConvertible {
        package let description: String
    }

    package static let isInstalled = Tool.isInstalled("redis-server") && Tool.isInstalled("redis-cli")

    package let port: Int
    package let directory: URL
    private let options: Options
    private let process = Mutex<ChildProcess?>(nil)
    private let watchdog = Mutex<ChildProcess?>(nil)

    /// `redis://127.0.0.1:port`, without a password.
    package var url: String { "redis://127.0.0.1:\(port)" }
    package var socketPath: String { directory.appending(path: "s").path }
    /// `unix:///...`, without a password.
    package var unixURL: String { "unix://\(socketPath)" }

    private init(port: Int, options: Options) throws {
        self.port = port
        self.options = options
        // A short name: socket paths have at most 107 bytes.
        directory = FileManager.default.temporaryDirectory.appending(path: "redis-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    deinit {
        kill9()
        try? FileManager.default.removeItem(at: directory)
    }

    /// Starts a server and waits until it answers. It ends with the object at the latest.
    package static func start(_ options: Options = Options()) throws -> RedisServer {
        var lastError: any Error = DidNotStart(description: "no attempt")
        // Another process may take the port between the search and the start.
        for _ in 0..<3 {
            do {
                let server = try RedisServer(port: freePort(), options: options)
                try server.launch()
                return server
            } catch {
                lastError = error
            }
        }
        throw lastError
    }

    /// Ends the server in good order.
    package func stop() {
        end(with: SIGTERM)
    }

    /// Ends the server without warning.
    package func kill9() {
        end(with: SIGKILL)
    }

    /// Starts the server again on the same port and socket.
    ///
    /// - Parameter empty: whether it forgets everything, or comes back with what it held.
    /// - Throws: `DidNotStart`.
    package func restart(empty: Bool) throws {
        let dump = directory.appending(path: "dump.rdb")
        if empty {
            kill9()
            try? FileManager.default.removeItem(at: dump)
        } else if isRunning {
            try cli(["SAVE"])
            stop()
        }
        try launch()
    }

    /// Lets the server hang: connections stay, nothing is answered.
    package func pause() {
        signal(SIGSTOP)
    }

    /// Ends the hang.
    package func resume() {
        signal(SIGCONT)
    }

    /// Runs `redis-cli` as the default user; returns what it printed, without the last line end.
    @discardableResult
    package func cli(_ arguments: [String]) throws -> String {
        let environment = options.password.map { ["REDISCLI_AUTH": $0] } ?? [:]
        let data = try Tool.run("redis-cli", ["-p", "\(port)"] + arguments, environment: environment)
        let text = String(decoding: data, as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    private var isRunning: Bool { process.withLock { $0?.isRunning ?? false } }

    private func signal(_ number: CInt) {
        process.withLock { $0?.send(number) }
    }

    private func end(with number: CInt) {
        process.withLock { process in
            process?.send(number)
            // A server that was paused takes SIGTERM only when it goes on.
            process?.send(SIGCONT)
            process?.wait()
            process = nil
        }
    }

    private func launch() throws {
        let log = directory.appending(path: "log").path
        var arguments = [
            "--port", "\(port)", "--bind", "127.0.0.1", "--unixsocket", socketPath, "--dir", directory.path,
            "--save", "", "--logfile", log, "--maxmemory-policy", "noeviction",
        ]
        if let memory = options.maximumMemory { arguments += ["--maxmemory", memory] }
        if let password = options.password { arguments += ["--requirepass", password] }
        if !options.users.isEmpty {
            let list = directory.appending(path: "users.acl")
            let ownUser = options.password.map { ">\($0)" } ?? "nopass"
            let lines = ["user default on \(ownUser) ~* &* +@all"] + options.users
            try (lines.joined(separator: "\n") + "\n").write(to: list, atomically: true, encoding: .utf8)
            arguments += ["--aclfile", list.path]
        }
        let process = try ChildProcess("redis-server", arguments + options.arguments)
        watchdog.withLock { $0 = nil }
        let watch = """
            while kill -0 $1 && kill -0 $2; do sleep 1; done
            kill -0 $1 || kill -9 $2
            """
        // Ends the server also when the test process is killed; the watchdog itself ends with the server.
        let pids = ["\(getpid())", "\(process.pid)"]
        let watchdog = try ChildProcess("sh", ["-c", watch, "watchdog"] + pids)
        self.watchdog.withLock { $0 = watchdog }
        for _ in 0..<500 {
            if !process.isRunning { break }
            let answer = try? cli(["PING"])
            if answer == "PONG" {
                self.process.withLock { $0 = process }
                return
            }
            usleep(20_000)
        }
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? "no log"
        throw DidNotStart(description: "redis-server did not answer on port \(port): \(text.suffix(500))")
    }
}

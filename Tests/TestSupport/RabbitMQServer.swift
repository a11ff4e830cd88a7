package import Foundation
import Synchronization

/// A RabbitMQ server of a test's own: free ports, a temporary folder, and its own epmd. It ends with `stop()`, with
/// the object, or, by a watchdog, with the test process, however that ends.
package final class RabbitMQServer: Sendable {
    package struct Options: Sendable {
        /// Adds a TLS listener that demands a client certificate of the same authority. Their folder goes with the
        /// server.
        package var certificates: TestCertificates?
        /// More lines for rabbitmq.conf.
        package var configuration: [String] = []
        /// Such as `rabbitmq_auth_mechanism_ssl`.
        package var plugins: [String] = []

        package init(certificates: TestCertificates? = nil) { self.certificates = certificates }
    }

    package struct DidNotStart: Error, CustomStringConvertible {
        package let description: String
    }

    private struct Children {
        var broker: ChildProcess?
        var portMapper: ChildProcess?
        var watchdog: Process?
        /// Closing it lets the watchdog end the rest.
        var lifeline: Pipe?
    }

    private static let programs = "/usr/lib/rabbitmq/bin"

    package static let isInstalled =
        FileManager.default.isExecutableFile(atPath: "\(programs)/rabbitmq-server") && Tool.isInstalled("epmd")
    /// Why tests that need it are skipped.
    package static let reason = "rabbitmq-server is not installed (apt-get install rabbitmq-server)"

    package let port: Int
    /// 0 without certificates.
    package let securePort: Int
    package let directory: URL
    package var certificates: TestCertificates? { options.certificates }
    private let distributionPort: Int
    private let portMapperPort: Int
    private let options: Options
    private let children = Mutex(Children())

    /// `amqp://guest:guest@127.0.0.1:port`.
    package var url: String { "amqp://guest:guest@127.0.0.1:\(port)" }
    /// `amqps://guest:guest@localhost:port`; the host name is the one that the certificate is made out to.
    package var secureURL: String { "amqps://guest:guest@localhost:\(securePort)" }

    private init(_ options: Options) throws {
        self.options = options
        port = freePort()
        securePort = options.certificates == nil ? 0 : freePort()
        distributionPort = freePort()
        portMapperPort = freePort()
        directory = FileManager.default.temporaryDirectory.appending(path: "rabbitmq-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try configurationText.write(to: directory.appending(path: "rabbitmq.conf"), atomically: true, encoding: .utf8)
        let plugins = "[\(options.plugins.joined(separator: ","))]."
        try plugins.write(to: directory.appending(path: "plugins"), atomically: true, encoding: .utf8)
    }

    deinit { end(removingDirectory: true) }

    private func path(_ name: String) -> String { directory.appending(path: name).path }

    private var configurationText: String {
        var lines = [
            "listeners.tcp.1 = 127.0.0.1:\(port)", "loopback_users = none", "raft.wal_max_size_bytes = 64000000",
            "disk_free_limit.absolute = 50MB", "log.file.level = warning",
        ]
        if let certificates = options.certificates {
            lines += [
                "listeners.ssl.1 = 127.0.0.1:\(securePort)",
                "ssl_options.cacertfile = \(certificates.authority)",
                "ssl_options.certfile = \(certificates.serverCertificate)",
                "ssl_options.keyfile = \(certificates.serverKey)",
                "ssl_options.verify = verify_peer", "ssl_options.fail_if_no_peer_cert = true",
            ]
        }
        return (lines + options.configuration).joined(separator: "\n") + "\n"
    }

    private var environment: [String: String] {
        [
            "HOME": directory.path, "ERL_CRASH_DUMP": path("crash"), "RABBITMQ_NODENAME": "test\(port)@localhost",
            "RABBITMQ_NODE_PORT": "\(port)",
            "RABBITMQ_DIST_PORT": "\(distributionPort)", "RABBITMQ_MNESIA_BASE": path("data"),
            "RABBITMQ_LOG_BASE": path("log"),
            "RABBITMQ_CONFIG_FILE": path("rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": path("plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null", "ERL_EPMD_PORT": "\(portMapperPort)",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            // The script then becomes the broker instead of starting it as a child.
            "RUNNING_UNDER_SYSTEMD": "1",
        ]
    }

    /// Starts a server and waits until it listens, which takes some seconds.
    package static func start(_ options: Options = Options()) async throws -> RabbitMQServer {
        guard isInstalled else { throw DidNotStart(description: reason) }
        var lastError: any Error = DidNotStart(description: "no attempt")
        // Another process may take a port between the search and the start.
        for _ in 0..<3 {
            do {
                let server = try RabbitMQServer(options)
                try await server.launch()
                return server
            } catch {
                lastError = error
            }
        }
        throw lastError
    }

    /// Ends the server in good order and removes its folder.
    package func stop() async {
        await endBroker(with: SIGTERM)
        end(removingDirectory: true)
    }

    /// Ends the server without warning; `restart()` brings it back with what it had on disk.
    package func kill9() async { await endBroker(with: SIGKILL) }

    /// Ends the server in good order, if it runs, and starts it again on the same ports with the same data.
    package func restart() async throws {
        await endBroker(with: SIGTERM)
        try await launch()
    }

    /// Lets the server hang: connections stay, nothing is answered.
    package func pause() { signal(SIGSTOP) }

    /// Ends the hang.
    package func resume() { signal(SIGCONT) }

    /// Runs `rabbitmqctl` on this server; returns what it printed.
    @discardableResult
    package func control(_ arguments: [String]) async throws -> String {
        let environment = environment
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let data = try Tool.run("\(Self.programs)/rabbitmqctl", arguments, environment: environment)
                        return String(decoding: data, as: UTF8.self)
                    })
            }
        }
    }

    // MARK: - Processes

    private func launch() async throws {
        try children.withLock { children in
            if children.portMapper?.isRunning != true {
                children.portMapper = try ChildProcess(
                    "epmd", ["-port", "\(portMapperPort)"], environment: environment)
            }
            children.broker = try ChildProcess(
                "\(Self.programs)/rabbitmq-server", [], environment: environment, output: path("output.log"),
                errors: path("errors.log"))
            let identifiers = [children.broker, children.portMapper].compactMap { $0?.pid }
            try identifiers.map(String.init).joined(separator: " ").write(
                to: directory.appending(path: "pids"), atomically: true, encoding: .utf8)
            if children.watchdog == nil { try startWatchdog(&children) }
        }
        // One attempt in 50 ms for at most two minutes.
        for _ in 0..<2400 {
            if isListening(port), securePort == 0 || isListening(securePort) { return }
            guard children.withLock({ $0.broker?.isRunning == true }) else { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        let log = ["output.log", "errors.log"].compactMap { try? String(contentsOfFile: path($0), encoding: .utf8) }
            .joined()
        throw DidNotStart(description: "rabbitmq-server does not listen at port \(port): \(log.suffix(2000))")
    }

    /// A shell that outlives this process for a moment: when its input ends, it ends the server and the folder.
    private func startWatchdog(_ children: inout Children) throws {
        let lifeline = Pipe()
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = [
            "-c", "read -r line; kill -KILL $(cat \"$0/pids\") 2>/dev/null; sleep 0.2; rm -rf \"$0\" \"$@\"",
            directory.path,
        ]
        if let certificates { process.arguments?.append(certificates.directory.path) }
        process.standardInput = lifeline
        try process.run()
        children.watchdog = process
        children.lifeline = lifeline
    }

    private func signal(_ number: Int32) {
        children.withLock { $0.broker?.send(number) }
    }

    private func endBroker(with number: Int32) async {
        for number in [number, SIGKILL] {
            signal(number)
            // A server that was paused takes SIGTERM only when it goes on.
            signal(SIGCONT)
            for _ in 0..<600 {
                if children.withLock({ $0.broker?.isRunning != true }) { return }
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    private func end(removingDirectory: Bool) {
        children.withLock { children in
            guard let watchdog = children.watchdog else { return }
            try? children.lifeline?.fileHandleForWriting.close()
            watchdog.waitUntilExit()
            children = Children()
        }
        if removingDirectory { try? FileManager.default.removeItem(at: directory) }
    }

    private func isListening(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}

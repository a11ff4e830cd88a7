import Contracts
import Foundation
import Glibc
import Imaging
import Messaging
import ServiceRuntime
import Synchronization
import TestSupport

/// A whole installation of a test's own: broker, store, five services as processes, a folder with studies.
final class Site: Sendable {
    /// Why tests are skipped where the servers are not installed.
    static let isPossible = RabbitMQServer.isInstalled && RedisServer.isInstalled
    static let reason: String =
        RabbitMQServer.isInstalled
        ? "redis-server is not installed (apt-get install redis-server)" : RabbitMQServer.reason

    let rabbit: RabbitMQServer
    let redis: RedisServer
    let broker: RabbitMQBroker
    let folder: URL
    let models: String?
    private let services = Mutex<[StageName: ServiceProcess]>([:])
    private let started = Mutex(0)

    var studies: String { folder.appending(path: "studies").path }
    var ledger: String { folder.appending(path: "ledger.sqlite").path }
    var heatmaps: String { folder.appending(path: "heatmaps").path }

    /// Starts the servers, makes the broker's objects and starts the services; `environment` has more variables for
    /// single services.
    init(
        models: String? = nil, starting stages: [StageName] = StageName.allCases,
        environment: [StageName: [String: String]] = [:]
    ) async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "oncorelay-site-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: folder.appending(path: "studies"), withIntermediateDirectories: true)
        self.models = try models ?? Self.tinyModels(in: folder)
        rabbit = try await RabbitMQServer.start()
        redis = try RedisServer.start()
        broker = try RabbitMQBroker(BrokerConfiguration(url: rabbit.url, connectionName: "test"))
        let administrator = try await broker.makeAdministrator()
        _ = try await administrator.apply(OncoRelayTopology.description)
        await administrator.close()
        for stage in stages { try start(stage, environment: environment[stage] ?? [:]) }
    }

    /// Ends everything that was started, and removes the folder.
    func close() async {
        for service in services.withLock({ $0.values }) { service.kill() }
        await rabbit.stop()
        redis.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Starts a service; one that ran before is forgotten.
    func start(_ stage: StageName, environment: [String: String] = [:]) throws {
        var all = environment
        all["ONCORELAY_AMQP_URL"] = rabbit.url
        all["ONCORELAY_REDIS_URL"] = redis.url
        all["ONCORELAY_ROOTS"] = studies
        all["ONCORELAY_MODELS"] = all["ONCORELAY_MODELS"] ?? models
        all["ONCORELAY_LEDGER"] = ledger
        all["ONCORELAY_THREADS"] = "1"
        all["ONCORELAY_LOG_LEVEL"] = "info"
        let number = started.withLock { number in
            number += 1
            return number
        }
        let service = try ServiceProcess(
            stage: stage, environment: all, log: folder.appending(path: "\(number)-\(stage.rawValue).log"))
        services.withLock { $0[stage] = service }
    }

    /// Whether no tensor is left.
    var storeIsEmpty: Bool { (try? redis.cli(["DBSIZE"])) == "0" }

    /// Runs `oncorelay`; returns what it printed.
    @discardableResult
    func commandLine(_ arguments: [String]) throws -> String {
        String(decoding: try Tool.run(Products.path("oncorelay"), arguments), as: UTF8.self)
    }

    func service(_ stage: StageName) -> ServiceProcess? { services.withLock { $0[stage] } }

    /// Everything that the services have logged.
    func logs() throws -> String {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".log") }.sorted()
            .map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }.joined(separator: "\n")
    }

    /// Networks so small that the plumbing is what works.
    private static func tinyModels(in folder: URL) throws -> String {
        let path = folder.appending(path: "models").path
        try Tool.run(Products.path("oncorelay"), ["model", "seed", path, "--size", "tiny"])
        return path
    }
}

/// Where the built programs lie: beside the test bundle.
enum Products {
    static func path(_ name: String) -> String {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name).path
    }
}

/// One service as a process of its own.
final class ServiceProcess: Sendable {
    let port: Int
    let log: URL
    private let process: ChildProcess

    init(stage: StageName, environment: [String: String], log: URL) throws {
        port = freePort()
        self.log = log
        var all = environment
        all["ONCORELAY_HTTP_PORT"] = "\(port)"
        process = try ChildProcess(
            Products.path("oncorelay-\(stage.rawValue)"), [], environment: all, errors: log.path)
    }

    var isRunning: Bool { process.isRunning }

    /// kill -9.
    func kill() {
        process.send(SIGKILL)
        process.wait()
    }

    /// SIGTERM, and the exit code.
    func drain() async -> Int32 {
        process.send(SIGTERM)
        return await end()
    }

    /// Waits until the process has ended by itself.
    func end() async -> Int32 {
        while isRunning { try? await Task.sleep(for: .milliseconds(10)) }
        return process.wait()
    }

    /// What an address of the health port answers: status and body.
    func get(_ path: String) throws -> (status: Int, body: String) {
        let data = try Tool.run("curl", ["-s", "-w", "\n%{http_code}", "http://127.0.0.1:\(port)\(path)"])
        let text = String(decoding: data, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return (Int(lines.last ?? "") ?? 0, lines.dropLast().joined(separator: "\n"))
    }
}

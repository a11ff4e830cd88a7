import Foundation
import Messaging
import TestSupport

/// The implementations that must behave alike.
enum BrokerUnderTest: String, CaseIterable, Sendable {
    case memory, rabbitMQ

    static let available: [BrokerUnderTest] = {
        if RabbitMQServer.isInstalled { return allCases }
        print("Tests of RabbitMQ are skipped: \(RabbitMQServer.reason)")
        return [.memory]
    }()

    func makeBroker() async throws -> any Broker {
        switch self {
        case .memory: return InMemoryBroker()
        case .rabbitMQ: return try RabbitMQBroker(try await SharedServer.configuration())
        }
    }
}

/// One RabbitMQ server for all tests of this target, since starting one takes seconds. It ends with the process.
enum SharedServer {
    static let isUsable = RabbitMQServer.isInstalled && TestCertificates.isAvailable
    static let reason = "\(RabbitMQServer.reason), or openssl is not installed (apt-get install openssl)"

    private static let server = Task {
        var options = RabbitMQServer.Options(
            certificates: TestCertificates.isAvailable ? try TestCertificates() : nil)
        options.plugins = ["rabbitmq_auth_mechanism_ssl"]
        options.configuration = [
            "auth_mechanisms.1 = PLAIN", "auth_mechanisms.2 = EXTERNAL", "ssl_cert_login_from = common_name",
            "max_message_size = 20000000",
        ]
        return try await RabbitMQServer.start(options)
    }

    static func get() async throws -> RabbitMQServer { try await server.value }

    static func configuration() async throws -> BrokerConfiguration {
        try BrokerConfiguration(url: try await get().url)
    }
}

/// A broker with an administrator and names that no other test uses.
struct Fixture {
    let broker: any Broker
    let administrator: any TopologyAdministrator
    private let prefix = "test.\(UUID().uuidString.prefix(8).lowercased())"

    init(_ kind: BrokerUnderTest) async throws { try await self.init(kind.makeBroker()) }

    init(_ broker: any Broker) async throws {
        self.broker = broker
        administrator = try await broker.makeAdministrator()
    }

    func name(_ suffix: String) -> String { "\(prefix).\(suffix)" }

    /// Declares one queue and returns its name.
    func queue(
        _ suffix: String = "work", _ adjust: (inout QueueDescription) -> Void = { _ in }
    ) async throws -> String {
        var description = QueueDescription(name: name(suffix))
        adjust(&description)
        _ = try await administrator.apply(TopologyDescription(queues: [description]))
        return description.name
    }

    func ready(_ queue: String) async throws -> Int {
        try await administrator.queueStatus([queue]).first?.ready ?? 0
    }

    /// Asks again until `condition` holds, for at most half a minute.
    func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
        for _ in 0..<600 {
            if try await condition() { return true }
            try await Task.sleep(for: .milliseconds(50))
        }
        return false
    }
}

/// Runs a test with a fixture and closes its administrator afterwards. Queues go with the server.
func withFixture(
    _ broker: any Broker, _ body: (Fixture) async throws -> Void
) async throws {
    let fixture = try await Fixture(broker)
    do {
        try await body(fixture)
        await fixture.administrator.close()
    } catch {
        await fixture.administrator.close()
        throw error
    }
}

extension Publication {
    /// A message to a queue by way of the default exchange.
    init(to queue: String, _ text: String) {
        self.init(
            exchange: "", routingKey: queue, body: Array(text.utf8), properties: MessageProperties(messageID: text))
    }
}

extension Delivery {
    var text: String { String(decoding: body, as: UTF8.self) }
}

/// `next()`, or nil if nothing comes within the time given.
func next(of consumer: any MessageConsumer, within limit: Duration = .seconds(20)) async throws -> Delivery? {
    try await withThrowingTaskGroup(of: Delivery?.self) { group in
        group.addTask {
            do {
                return try await consumer.next()
            } catch is CancellationError {
                return nil
            }
        }
        group.addTask {
            try? await Task.sleep(for: limit)
            return nil
        }
        let first = try await group.next() ?? nil
        group.cancelAll()
        // A delivery that came at the very end of the wait must not get lost.
        if first == nil { return try await group.next() ?? nil }
        return first
    }
}

/// Takes `count` deliveries, acknowledging each.
func texts(_ count: Int, of consumer: any MessageConsumer) async throws -> [String] {
    var texts: [String] = []
    while texts.count < count, let delivery = try await next(of: consumer) {
        texts.append(delivery.text)
        await consumer.acknowledge(delivery)
    }
    return texts
}

extension PublishError {
    var reasons: [Reason] { failures.map(\.reason) }
}

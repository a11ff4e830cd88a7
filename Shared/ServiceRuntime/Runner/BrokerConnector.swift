import Contracts
import Logging
import Messaging
import ServiceLifecycle

/// Connects with patience: a service may start before its broker, and then says what it waits for.
struct BrokerConnector {
    let broker: any Broker
    let readiness: Readiness
    let logger: Logger
    private let pause: Duration = .seconds(1)

    /// Opens a connection; tries again while the broker is away.
    ///
    /// - Returns: nil when the service is to stop before one was had.
    /// - Throws: ``BrokerError`` that no waiting mends, such as a wrong setting.
    func connect<Connection: Sendable>(
        _ open: @Sendable (any Broker) async throws -> Connection
    ) async throws -> Connection? {
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            do {
                let connection = try await open(broker)
                readiness.clear("broker")
                return connection
            } catch let error as BrokerError {
                if case .invalidConfiguration = error { throw error }
                readiness.set("broker", problem: error.description)
                logger.warning("\(error.description)", metadata: [LogKeys.dependency: "broker"])
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
        }
        return nil
    }

    /// Waits until all of the broker's objects are there; services check them, and never make them.
    ///
    /// - Returns: false when the service is to stop before.
    func waitForTopology() async throws -> Bool {
        guard let administrator = try await connect({ try await $0.makeAdministrator() }) else { return false }
        var current = administrator
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            do {
                let differences = try await current.verify(OncoRelayTopology.description)
                if differences.isEmpty {
                    readiness.clear("topology")
                    await current.close()
                    return true
                }
                let text =
                    differences.prefix(3).map(\.description).joined(separator: "; ")
                    + "; run 'oncorelay topology apply' to make the broker's objects"
                readiness.set("topology", problem: text)
                logger.warning("\(text)", metadata: [LogKeys.dependency: "topology"])
            } catch {
                await current.close()
                guard let next = try await connect({ try await $0.makeAdministrator() }) else { return false }
                current = next
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
        }
        await current.close()
        return false
    }
}

package import Messaging

/// A publisher that connects when it is first used, and tries again while the broker is away.
package actor PatientPublisher: MessagePublisher {
    private let broker: any Broker
    private var connecting: Task<any MessagePublisher, any Error>?

    package init(broker: any Broker) { self.broker = broker }

    package func publish(_ publications: [Publication]) async throws {
        try await publisher().publish(publications)
    }

    package func close() async {
        guard let connecting else { return }
        connecting.cancel()
        if let publisher = try? await connecting.value { await publisher.close() }
    }

    private func publisher() async throws -> any MessagePublisher {
        if let connecting { return try await connecting.value }
        let task = Task { [broker] in
            while true {
                do {
                    return try await broker.makePublisher()
                } catch let error as BrokerError {
                    if case .invalidConfiguration = error { throw error }
                    try await Task.sleep(for: .seconds(1))
                }
            }
        }
        connecting = task
        return try await task.value
    }
}

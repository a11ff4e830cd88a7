/// RabbitMQ over AMQP 0-9-1 (rabbitmq-c). Each publisher, consumer and administrator has a connection and a thread of
/// its own: the broker stops reading from connections that publish when it is short of memory, and acknowledgements
/// must not be stuck behind that.
package final class RabbitMQBroker: Broker {
    package let configuration: BrokerConfiguration
    private let states = ConnectionStates()
    /// Connections for administration come and go with every error; they say nothing about readiness.
    private let administrationStates = ConnectionStates()

    /// Connects to nothing yet.
    ///
    /// - Throws: `BrokerError.invalidConfiguration`.
    package init(_ configuration: BrokerConfiguration) throws(BrokerError) {
        try configuration.validate()
        self.configuration = configuration
    }

    package var state: BrokerState { states.worst }

    package func makePublisher() async throws -> any MessagePublisher {
        let publisher = RabbitMQPublisher(configuration)
        try await publisher.start(states)
        return publisher
    }

    package func makeConsumer(queues: [String], prefetch: Int) async throws -> any MessageConsumer {
        guard !queues.isEmpty, Set(queues).count == queues.count else {
            throw BrokerError.invalidConfiguration("a consumer needs at least one queue, and each only once")
        }
        guard (1...65535).contains(prefetch) else {
            throw BrokerError.invalidConfiguration("prefetch \(prefetch) is not between 1 and 65535")
        }
        let consumer = RabbitMQConsumer(queues: queues)
        try await consumer.start(configuration, prefetch: prefetch, states)
        return consumer
    }

    package func makeAdministrator() async throws -> any TopologyAdministrator {
        let administrator = RabbitMQAdministrator()
        try await administrator.start(configuration, administrationStates)
        return administrator
    }
}

import Classifiers
import Messaging

/// A topology in the form of RabbitMQ's definition files.
///
/// Source: RabbitMQ, "Schema Definition Export and Import".
struct BrokerDefinitions: Encodable, Sendable {
    struct VirtualHost: Encodable, Sendable {
        var name: String
    }

    struct Exchange: Encodable, Sendable {
        var name: String
        var vhost: String
        var type: String
        var durable = true
        var autoDelete = false
        var isInternal = false
        var arguments: [String: JSONValue]

        private enum CodingKeys: String, CodingKey {
            case name, vhost, type, durable, arguments
            case autoDelete = "auto_delete"
            case isInternal = "internal"
        }
    }

    struct Queue: Encodable, Sendable {
        var name: String
        var vhost: String
        var durable = true
        var autoDelete: Bool
        var arguments: [String: JSONValue]

        private enum CodingKeys: String, CodingKey {
            case name, vhost, durable, arguments
            case autoDelete = "auto_delete"
        }
    }

    struct Binding: Encodable, Sendable {
        var source: String
        var vhost: String
        var destination: String
        var destinationType = "queue"
        var routingKey: String
        var arguments: [String: JSONValue] = [:]

        private enum CodingKeys: String, CodingKey {
            case source, vhost, destination, arguments
            case destinationType = "destination_type"
            case routingKey = "routing_key"
        }
    }

    var vhosts: [VirtualHost]
    var exchanges: [Exchange]
    var queues: [Queue]
    var bindings: [Binding]

    init(_ topology: TopologyDescription, virtualHost: String) {
        vhosts = [VirtualHost(name: virtualHost)]
        exchanges = topology.exchanges.map { exchange in
            Exchange(
                name: exchange.name, vhost: virtualHost, type: exchange.kind.rawValue,
                arguments: exchange.alternateExchange.map { ["alternate-exchange": .string($0)] } ?? [:])
        }
        queues = topology.queues.map { queue in
            Queue(
                name: queue.name, vhost: virtualHost, autoDelete: queue.isAutoDelete ?? false,
                arguments: queue.arguments.mapValues(JSONValue.init))
        }
        bindings = topology.bindings.map { binding in
            Binding(
                source: binding.exchange, vhost: virtualHost, destination: binding.queue,
                routingKey: binding.routingKey)
        }
    }
}

extension JSONValue {
    /// A header's value as JSON; bytes as an array of numbers.
    init(_ value: HeaderValue) {
        switch value {
        case .string(let text): self = .string(text)
        case .int(let number), .timestamp(let number): self = .int(number)
        case .double(let number): self = .double(number)
        case .bool(let value): self = .bool(value)
        case .bytes(let bytes): self = .array(bytes.map { .int(Int64($0)) })
        case .table(let members): self = .object(members.mapValues(JSONValue.init))
        case .array(let items): self = .array(items.map(JSONValue.init))
        case .null: self = .null
        }
    }
}

import Classifiers
import Messaging

/// Hands on result events as they come, one line each.
struct ResultWatch: Sendable {
    let broker: any Broker
    let pattern: String
    /// Ends after so many; nil never does.
    var count: Int?

    /// Calls `show` with each event and acknowledges it then.
    ///
    /// - Parameters:
    ///   - onSubscribed: Called when from now on no event is missed.
    ///   - show: Takes one event as one line.
    /// - Throws: `BrokerError`, `CancellationError` when it was interrupted.
    func run(onSubscribed: @Sendable () -> Void = {}, _ show: @Sendable (String) -> Void) async throws {
        try await ResultSubscription(broker: broker, pattern: pattern).run { consumer in
            onSubscribed()
            var shown = 0
            while shown < count ?? .max, let delivery = try await consumer.next() {
                show(Self.line(delivery.body))
                shown += 1
                await consumer.acknowledge(delivery)
            }
        }
    }

    /// An event as one line; what is no JSON is quoted as a JSON string, so that every line is JSON.
    static func line(_ body: [UInt8]) -> String {
        if let value = JSONValue(body) {
            let isOneLine = !body.contains(UInt8(ascii: "\n")) && !body.contains(UInt8(ascii: "\r"))
            if isOneLine { return String(decoding: body, as: UTF8.self) }
            return (try? JSONText.compact(value)) ?? "null"
        }
        return (try? JSONText.compact(String(decoding: body, as: UTF8.self))) ?? "null"
    }
}

/// The broker's queues, by name.
package enum QueueName {
    /// A stage's work of one urgency, for example `preprocessing.urgent`.
    package static func work(_ stage: StageName, _ priority: Priority) -> String {
        "\(stage.rawValue).\(priority.rawValue)"
    }

    /// A stage's queues, urgent first: the order in which they are drained.
    package static func work(_ stage: StageName) -> [String] { Priority.allCases.map { work(stage, $0) } }

    /// What a person must look at.
    package static func parking(_ stage: StageName) -> String { "parking.\(stage.rawValue)" }

    /// Messages that no binding wanted.
    package static let parkingUnrouted = "parking.unrouted"

    /// Every parking queue.
    package static let allParking = StageName.allCases.map(parking) + [parkingUnrouted]

    /// Every result, kept.
    package static let resultsAudit = "results.audit"

    /// The delay queue of one rung of the retry ladder.
    package static func delay(_ rung: RetryLadder.Rung) -> String { "delay.\(rung.name)" }
}

/// How long a delivery waits before it is tried again.
package enum RetryLadder {
    /// One delay queue: all messages in it wait equally long, since only the head of a queue expires.
    package struct Rung: Sendable, Equatable {
        package let name: String
        package let milliseconds: Int
    }

    package static let rungs = [
        Rung(name: "1s", milliseconds: 1_000), Rung(name: "5s", milliseconds: 5_000),
        Rung(name: "30s", milliseconds: 30_000), Rung(name: "5m", milliseconds: 300_000),
    ]

    /// The rung after `attempt` failed tries (1 after the first); nil when the ladder ends.
    package static func rung(afterAttempt attempt: Int) -> Rung? {
        attempt >= 1 && attempt <= rungs.count ? rungs[attempt - 1] : nil
    }

    /// Routing key that leads into a rung, and from it back into `queue`.
    package static func routingKey(_ rung: Rung, backTo queue: String) -> String { "\(rung.name).\(queue)" }
}

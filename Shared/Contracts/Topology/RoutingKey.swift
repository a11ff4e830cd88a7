/// Routing keys, in one spelling.
package enum RoutingKey {
    /// `study.submitted.<priority>[.<site>]`
    package static func submitted(_ priority: Priority, site: String?) -> String {
        "study.submitted.\(priority.rawValue)" + (site.map { "." + $0 } ?? "")
    }

    /// Between stages: `<event>.<priority>`.
    package static func pipeline(_ event: String, _ priority: Priority) -> String { "\(event).\(priority.rawValue)" }

    /// `region.prepared.<task>.<priority>`
    package static func prepared(_ task: ClinicalTask, _ priority: Priority) -> String {
        "\(RegionPrepared.event).\(task.rawValue).\(priority.rawValue)"
    }

    package static let accepted = "result.accepted"
    package static let rejected = "result.rejected"
    package static let failed = "result.failed"

    package static func progress(_ stage: StageName) -> String { "result.progress.\(stage.rawValue)" }

    /// `result.<final, partial or amended>.<task>.<finding>`
    package static func result(_ event: String, _ task: ClinicalTask, finding: String) -> String {
        "\(event).\(task.rawValue).\(finding)"
    }
}

/// Headers of our messages beside the standard AMQP properties.
package enum HeaderName {
    package static let traceparent = "traceparent"
    /// How many times the stage has tried this delivery before.
    package static let attempt = "x-oncorelay-attempt"
    /// The failure's code, class, stage and message, on parked messages.
    package static let failureCode = "x-oncorelay-failure-code"
    package static let failureClass = "x-oncorelay-failure-class"
    package static let failureStage = "x-oncorelay-failure-stage"
    package static let failureMessage = "x-oncorelay-failure-message"
    /// Where a parked or delayed message came from, so that it can go back.
    package static let originalQueue = "x-oncorelay-original-queue"
    /// When it was parked, in seconds since 1970.
    package static let parkedAt = "x-oncorelay-parked-at"
    package static let replayedAt = "x-oncorelay-replayed-at"
}

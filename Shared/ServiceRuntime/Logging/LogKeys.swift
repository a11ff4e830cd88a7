/// Every metadata key of our logs, in one spelling. Patient data is never logged: runs are named by their id.
package enum LogKeys {
    package static let stage = "stage.name"
    package static let run = "run.id"
    package static let region = "region.id"
    package static let event = "event.id"
    package static let trace = "trace.id"
    package static let span = "span.id"
    package static let attempt = "delivery.attempt"
    package static let queue = "delivery.queue"
    package static let code = "failure.code"
    package static let failureClass = "failure.class"
    package static let duration = "duration.ms"
    package static let outcome = "delivery.outcome"
    package static let dependency = "dependency.name"
    package static let count = "count"
    package static let reason = "reason"
}

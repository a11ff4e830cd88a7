/// The broker's exchanges, by name.
package enum Exchange {
    /// In: `study.submitted.<urgent or routine>[.<site>]`.
    package static let studies = "oncorelay.studies"
    /// Between the stages.
    package static let pipeline = "oncorelay.pipeline"
    /// Out: `result.…`.
    package static let results = "oncorelay.results"
    /// To the delay queues of the retry ladder.
    package static let retry = "oncorelay.retry"
    /// To the parking queues, and from the delay queues back to work.
    package static let dead = "oncorelay.dead"
    /// What no binding of `oncorelay.studies` or `oncorelay.pipeline` wanted.
    package static let unrouted = "oncorelay.unrouted"
}

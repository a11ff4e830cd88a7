package import Contracts

/// What follows from an event, to be made durable with it.
package enum RunEffect: Sendable, Equatable {
    /// `study.admitted` to preprocessing; above 0 because tensors were lost.
    case admit(recovery: Int)
    /// `result.accepted`.
    case accept
    /// `result.accepted` with the notice that the study is known already.
    case acceptAgain
    /// How the run ended, or what a late part made of it.
    case announce(RunAnnouncement)
    /// The run's last announcement once more, byte for byte.
    case announceAgain
    /// `result.progress`, on a best-effort basis.
    case progress(StageName, region: String?)
    /// Tensors that nobody needs any more, by key.
    case delete([String])
    /// An event that changes nothing, and why; for the log.
    case ignored(String)
}

/// A run's word to its subscribers.
package enum RunAnnouncement: Sendable, Equatable {
    /// `amendment` counts the words after the first: 0, 1, 2 …
    case result(StudyResult, amendment: Int)
    case failed(ResultFailed)
    case rejected(ResultRejected)
}

import Contracts
import ServiceRuntime

/// What the ledger is asked to make durable, in one transaction with others that ask at the same time.
struct LedgerCommand: Sendable {
    enum Action: Sendable {
        /// An event of another stage. `notes` is what is missing of a classification; `spent` are the keys of tensors
        /// that were used up with it.
        case event(ReceivedEvent, notes: [Failure], spent: [String])
        /// Ends what is past its deadline.
        case expire
        /// Forgets runs that ended before a time, in seconds since 1970.
        case prune(before: Double)
        /// Takes in what was published and deleted, and nothing else.
        case settle
    }

    let action: Action
    /// Whether it takes in what was published and deleted: all but events, which are in a hurry.
    var isSettling: Bool {
        if case .event = action { false } else { true }
    }
    /// Seconds since 1970.
    let now: Double
    let context: StageContext
}

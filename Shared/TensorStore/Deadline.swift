import Glibc

/// An instant of the monotonic clock by which input or output must be done.
struct Deadline {
    private var instant: ContinuousClock.Instant
    /// The time it was given, for messages.
    private(set) var allowance: Duration

    init(after allowance: Duration) {
        self.allowance = allowance
        instant = .now + allowance
    }

    /// Allows more time.
    mutating func extend(by more: Duration) {
        allowance += more
        instant += more
    }

    /// Milliseconds from now for `poll`, rounded up; 0 when it has passed.
    var milliseconds: CInt {
        let (seconds, attoseconds) = ContinuousClock.now.duration(to: instant).components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return CInt(min(seconds, 1_000_000) * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A point on the monotonic clock, in nanoseconds: what poll(2) deadlines are reckoned in.
struct Instant: Comparable {
    var nanoseconds: UInt64

    static var now: Instant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Instant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    func advanced(by duration: Duration) -> Instant {
        Instant(nanoseconds: nanoseconds &+ UInt64(max(0, duration.milliseconds)) * 1_000_000)
    }

    /// Milliseconds from now until this instant for poll(2), rounded up so that a deadline has passed on waking.
    var pollTimeout: Int32 {
        let now = Instant.now.nanoseconds
        return nanoseconds <= now ? 0 : Int32(clamping: (nanoseconds - now + 999_999) / 1_000_000)
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }

    var timeval: timeval {
        #if canImport(Glibc)
            Glibc.timeval(tv_sec: Int(milliseconds / 1000), tv_usec: Int(milliseconds % 1000) * 1000)
        #else
            Musl.timeval(tv_sec: time_t(milliseconds / 1000), tv_usec: suseconds_t(milliseconds % 1000) * 1000)
        #endif
    }
}

/// Waits between attempts to connect: doubled each time, with random jitter so that many services do not come back
/// at the same instant.
struct Backoff {
    private let shortest: Duration
    private let longest: Duration
    private var next: Duration

    init(_ configuration: BrokerConfiguration) {
        shortest = configuration.shortestReconnectDelay
        longest = configuration.longestReconnectDelay
        next = shortest
    }

    /// The wait before the coming attempt: between half of and the whole of the present step.
    mutating func delay() -> Duration {
        defer { next = min(next * 2, longest) }
        let whole = max(1, next.milliseconds)
        return .milliseconds(Int64.random(in: (whole / 2)...whole))
    }

    mutating func reset() { next = shortest }
}

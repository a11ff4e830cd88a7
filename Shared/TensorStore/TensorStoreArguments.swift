/// Checks that every store makes of what it is asked.
enum TensorStoreArguments {
    /// - Throws: `invalidArgument` for an empty key.
    static func check(key: String) throws(TensorStoreError) {
        guard !key.isEmpty else { throw .invalidArgument(reason: "expected a key, got an empty one") }
    }

    /// The lifetime in whole milliseconds, rounded up.
    ///
    /// - Throws: `invalidArgument` unless it is positive and below about 35 000 years.
    static func milliseconds(lifetime: Duration) throws(TensorStoreError) -> Int64 {
        let limit: Int64 = 1 << 40
        guard lifetime > .zero, lifetime < .seconds(limit) else {
            throw .invalidArgument(reason: "expected a positive lifetime below 2^40 seconds, got \(lifetime)")
        }
        let (seconds, attoseconds) = lifetime.components
        let perMillisecond: Int64 = 1_000_000_000_000_000
        return seconds * 1000 + (attoseconds + perMillisecond - 1) / perMillisecond
    }
}

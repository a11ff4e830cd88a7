/// Patients drawn with replacement, again and again: what belongs to one patient comes and goes together.
package struct PatientResampling: Sendable {
    private let groups: [[Int]]
    private let count: Int
    private let resamples: Int
    private let seed: UInt64

    /// - Parameters:
    ///   - patients: whose each case is.
    ///   - resamples: how many are drawn.
    ///   - seed: the same seed draws the same patients.
    /// - Throws: ``StatisticsError/invalidArgument(_:)`` for a single patient or none.
    package init(patients: [String], resamples: Int, seed: UInt64) throws(StatisticsError) {
        var members: [String: [Int]] = [:]
        for (index, patient) in patients.enumerated() { members[patient, default: []].append(index) }
        groups = members.sorted { $0.key < $1.key }.map(\.value)
        guard groups.count > 1 else { throw .invalidArgument("a bootstrap by patient needs two patients or more") }
        count = patients.count
        self.resamples = resamples
        self.seed = seed
    }

    /// What a statistic is over the resamples, in ascending order; those in which it is nil are left out.
    ///
    /// - Parameter statistic: of the cases, each counted as often as its weight says.
    /// - Returns: at most one value for each resample.
    package func values(of statistic: ([Int]) -> Double?) -> [Double] {
        var values: [Double] = []
        values.reserveCapacity(resamples)
        forEach { if let value = statistic($0) { values.append(value) } }
        return values.sorted()
    }

    /// Shows each resample as how often each case was drawn.
    package func forEach(_ body: ([Int]) -> Void) {
        var generator = SplitMix64(seed: seed)
        var weights = [Int](repeating: 0, count: count)
        for _ in 0..<resamples {
            for index in weights.indices { weights[index] = 0 }
            for _ in groups.indices {
                for index in groups[Int.random(in: 0..<groups.count, using: &generator)] { weights[index] += 1 }
            }
            body(weights)
        }
    }

    /// Linear interpolation between order statistics (Hyndman & Fan 1996, type 7).
    ///
    /// - Parameters:
    ///   - sorted: at least one value, in ascending order.
    ///   - share: from 0 to 1.
    /// - Returns: the value below which that share lies.
    package static func percentile(_ sorted: [Double], _ share: Double) -> Double {
        let place = share * Double(sorted.count - 1)
        let low = Int(place)
        guard low + 1 < sorted.count else { return sorted[sorted.count - 1] }
        return sorted[low] + (place - Double(low)) * (sorted[low + 1] - sorted[low])
    }
}

/// Steele, Lea & Flood (2014): small, fast, and the same everywhere.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

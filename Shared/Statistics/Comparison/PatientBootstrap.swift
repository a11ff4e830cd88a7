/// An area's interval from resampled patients: lesions of one patient are not independent of each other.
package struct PatientBootstrap: Sendable, Equatable {
    package let lower: Double
    package let upper: Double
    /// Resamples that counted; those without both classes do not.
    package let resamples: Int

    /// Percentiles of the area over resamples of patients with replacement.
    ///
    /// - Parameters:
    ///   - cases: with both classes.
    ///   - patients: whose each case is.
    ///   - resamples: how many are drawn.
    ///   - seed: the same seed draws the same patients.
    ///   - level: of the interval, such as 0.95.
    /// - Throws: ``StatisticsError`` for different lengths, one class only, or a single patient.
    package init(
        _ cases: LabeledScores, patients: [String], resamples: Int = 2000, seed: UInt64 = 1, level: Double = 0.95
    ) throws(StatisticsError) {
        guard patients.count == cases.count else {
            throw .lengthMismatch(expected: cases.count, got: patients.count, what: "patients")
        }
        try cases.requireBothClasses()
        var members: [String: [Int]] = [:]
        for (index, patient) in patients.enumerated() { members[patient, default: []].append(index) }
        let groups = members.sorted { $0.key < $1.key }.map(\.value)
        guard groups.count > 1 else { throw .invalidArgument("a bootstrap by patient needs two patients or more") }
        var generator = SplitMix64(seed: seed)
        var areas: [Double] = []
        areas.reserveCapacity(resamples)
        for _ in 0..<resamples {
            var positions: [Int] = []
            for _ in groups.indices { positions += groups[Int.random(in: 0..<groups.count, using: &generator)] }
            let drawn = try cases.picking(positions)
            if drawn.positives > 0, drawn.negatives > 0 { areas.append(try DeLong.Components(drawn).area) }
        }
        guard !areas.isEmpty else { throw .invalidArgument("no resample of the patients held both classes") }
        areas.sort()
        lower = Self.percentile(areas, (1 - level) / 2)
        upper = Self.percentile(areas, (1 + level) / 2)
        self.resamples = areas.count
    }

    /// Linear interpolation between order statistics (Hyndman & Fan 1996, type 7).
    private static func percentile(_ sorted: [Double], _ share: Double) -> Double {
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

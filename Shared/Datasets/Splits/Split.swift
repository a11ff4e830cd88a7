/// The parts of a dataset, by the words of Jiao et al. 2023.
package enum Cohort: String, Codable, Sendable, CaseIterable, CodingKeyRepresentable {
    case training
    /// Chooses the epoch, calibrates, sets thresholds.
    case testing
    /// Touched once, at the end.
    case independent
}

/// What is kept whole when a dataset is split.
package enum SplitUnit: String, Codable, Sendable, CaseIterable {
    /// All that belongs to a patient.
    case patient
    /// A lesion, or a node with all its pictures: lets a patient into several cohorts.
    case group
    /// A picture, as Li et al. 2021 did: lets a node into several cohorts.
    case image
}

/// Which example belongs to which cohort.
package struct Split: Codable, Sendable, Equatable {
    package var unit: SplitUnit
    package var seed: UInt64
    /// Shares of training, testing and independent; they add up to 1.
    package var fractions: [Cohort: Double]
    /// By the examples' ids.
    package var assignment: [String: Cohort]

    package init(unit: SplitUnit, seed: UInt64, fractions: [Cohort: Double], assignment: [String: Cohort]) {
        self.unit = unit
        self.seed = seed
        self.fractions = fractions
        self.assignment = assignment
    }
}

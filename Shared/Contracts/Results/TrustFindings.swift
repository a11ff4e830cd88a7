/// Labels of which one is the true one in at least a stated share of cases like those of the model's calibration
/// (split-conformal prediction). Absent where the model was not calibrated so, or the input lies outside of what it knows.
package struct LabelSet: Codable, Sendable, Equatable {
    /// None, one or several.
    package var labels: [String]
    /// Of a region that several networks decide, what is left of theirs: 1 less what each may miss.
    package var coverage: Double

    package init(labels: [String], coverage: Double) {
        self.labels = labels
        self.coverage = coverage
    }
}

/// How far a network's features of a region lie from those of its training. Absent where the model has no measure of it.
package struct OutOfDistributionFinding: Codable, Sendable, Equatable {
    /// Mahalanobis distance to the nearest class.
    package var distance: Double
    /// Above it a region lies outside of what the network was trained on.
    package var threshold: Double

    package var isOutside: Bool { distance > threshold }

    package init(distance: Double, threshold: Double) {
        self.distance = distance
        self.threshold = threshold
    }
}

/// What fitted probabilities are held against: the labels themselves, or, where no finite fit of these exists, Platt's.
struct CalibrationTargets: Sendable {
    /// Cases of each class.
    let counts: [Int]

    init(labels: [Int], classes: Int) throws(StatisticsError) {
        guard !labels.isEmpty else { throw .empty }
        guard labels.allSatisfy({ (0..<classes).contains($0) }) else {
            throw .invalidArgument("labels: expected 0 to \(classes - 1), the positions of the model's labels")
        }
        var counts = [Int](repeating: 0, count: classes)
        for label in labels { counts[label] += 1 }
        guard counts.count(where: { $0 > 0 }) > 1 else {
            if classes == 2 { throw .oneClassOnly(positives: counts[1], negatives: counts[0]) }
            throw .invalidArgument("labels: expected at least two classes among the cases, found one")
        }
        self.counts = counts
    }

    /// The share of the label's own class; the rest goes to the others in equal parts. Platt (1999): a case of a class
    /// of N cases is of it with (N + 1) / (N + 2), for more classes (N + 1) / (N + K).
    func smoothed(_ label: Int) -> (own: Double, other: Double) {
        let sum = Double(counts[label] + counts.count)
        return (Double(counts[label] + 1) / sum, 1 / sum)
    }
}

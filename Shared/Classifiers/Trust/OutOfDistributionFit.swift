internal import Statistics

/// Fits the distance from the training and its threshold.
package struct OutOfDistributionFit: Sendable {
    /// A detector as its file will have it, and its threshold.
    package struct Outcome: Sendable, Equatable {
        package let detector: OutOfDistributionDetector
        /// Distances above it lie outside.
        package let threshold: Double
        package let insideShare: Double
        /// δ of the covariance.
        package let shrinkage: Double
        package let cases: Int
        /// Parts of which each had its distances from the others' fit; 1 where all had theirs from the very fit.
        package let folds: Int
    }

    package let shrinkage: ShrinkageCovariance.Shrinkage
    package let insideShare: Double
    package let folds: Int

    package init(shrinkage: ShrinkageCovariance.Shrinkage = .ledoitWolf, insideShare: Double = 0.99, folds: Int = 5) {
        self.shrinkage = shrinkage
        self.insideShare = insideShare
        self.folds = folds
    }

    /// Fits on a training cohort.
    ///
    /// - Parameters:
    ///   - features: of the training cohort.
    ///   - classes: of the model.
    /// - Returns: the detector, rounded as its file rounds it, and the threshold for that.
    /// - Throws: ``TrustError``.
    package func run(_ features: TrustFitter.TrainingFeatures, classes: Int) throws(TrustError) -> Outcome {
        try check(features, classes)
        let rows = features.rows.map { $0.map(Double.init) }
        let all = try fit(rows, features.labels, classes)
        guard let detector = all.detector.rounded else {
            throw .singularCovariance(shrinkage: all.shrinkage)
        }
        let parts = parts(of: features, classes)
        var distances: [Double] = []
        if parts.count < 2 {
            distances = rows.map { detector.distance(of: $0) }
        } else {
            for part in parts {
                let rest = rows.indices.filter { !part.contains($0) }
                let other = try fit(rest.map { rows[$0] }, rest.map { features.labels[$0] }, classes).detector
                distances += part.map { other.distance(of: rows[$0]) }
            }
        }
        let largest = distances.max() ?? 0
        let threshold: Double
        do {
            threshold = try ConformalQuantile.value(of: distances, coverage: insideShare) ?? largest
        } catch {
            throw .notFitted("the training's distances: \(error.description)")
        }
        guard threshold > 0 else { throw .notFitted("the training's features are all the same") }
        return Outcome(
            detector: detector, threshold: threshold, insideShare: insideShare, shrinkage: all.shrinkage,
            cases: rows.count, folds: max(1, parts.count))
    }

    private func check(_ features: TrustFitter.TrainingFeatures, _ classes: Int) throws(TrustError) {
        guard let width = features.rows.first?.count, width > 0 else { throw .notFitted("there are no features") }
        guard features.labels.count == features.rows.count else {
            throw .shapeMismatch(
                what: "the labels of the features", expected: "\(features.rows.count)", got: "\(features.labels.count)")
        }
        if let groups = features.groups, groups.count != features.rows.count {
            throw .shapeMismatch(
                what: "the groups of the features", expected: "\(features.rows.count)", got: "\(groups.count)")
        }
        for (index, row) in features.rows.enumerated() {
            guard row.count == width else {
                throw .shapeMismatch(
                    what: "the features of case \(index + 1)", expected: "\(width)", got: "\(row.count)")
            }
            guard row.allSatisfy(\.isFinite) else { throw .featuresNotFinite(index: index) }
        }
        guard features.labels.allSatisfy({ (0..<classes).contains($0) }) else {
            throw .shapeMismatch(
                what: "the labels of the features", expected: "0 to \(classes - 1)", got: "another number")
        }
        for label in 0..<classes where features.labels.count(where: { $0 == label }) < 2 {
            throw .notFitted("the features: expected two cases or more of each label, label \(label) has fewer")
        }
        if case .fixed(let share) = shrinkage, !(0...1).contains(share) {
            throw .notFitted("shrinkage: expected a number of 0 to 1, got \(share)")
        }
    }

    /// Class means, and one covariance of the distances from them.
    package func fit(
        _ rows: [[Double]], _ labels: [Int], _ classes: Int
    ) throws(TrustError) -> (detector: OutOfDistributionDetector, shrinkage: Double) {
        let width = rows.first?.count ?? 0
        var means = [[Double]](repeating: [Double](repeating: 0, count: width), count: classes)
        var counts = [Int](repeating: 0, count: classes)
        for (row, label) in zip(rows, labels) {
            counts[label] += 1
            for column in 0..<width { means[label][column] += row[column] }
        }
        for label in 0..<classes where counts[label] > 0 {
            for column in 0..<width { means[label][column] /= Double(counts[label]) }
        }
        var centered: [Double] = []
        centered.reserveCapacity(rows.count * width)
        for (row, label) in zip(rows, labels) {
            let mean = means[label]
            for column in 0..<width { centered.append(row[column] - mean[column]) }
        }
        let covariance = ShrinkageCovariance(
            centered: centered, count: rows.count, width: width, shrinkage: shrinkage)
        let present = means.indices.filter { counts[$0] > 0 }.map { means[$0] }
        guard let detector = OutOfDistributionDetector(means: present, factor: try covariance.factor()) else {
            throw .singularCovariance(shrinkage: covariance.shrinkage)
        }
        return (detector, covariance.shrinkage)
    }

    /// The cases' positions in parts, groups whole, each label spread evenly; one part where there are too few.
    private func parts(of features: TrustFitter.TrainingFeatures, _ classes: Int) -> [Set<Int>] {
        let groups = features.groups ?? features.rows.indices.map(String.init)
        var members: [String: [Int]] = [:]
        var order: [String] = []
        for (index, group) in groups.enumerated() {
            if members[group] == nil { order.append(group) }
            members[group, default: []].append(index)
        }
        let count = min(folds, order.count / 2)
        guard count > 1 else { return [] }
        var next = [Int](repeating: 0, count: classes)
        var parts = [Set<Int>](repeating: [], count: count)
        for group in order {
            guard let own = members[group], let first = own.first else { continue }
            // Dealt out label by label, by the label of the group's first case.
            let label = features.labels[first]
            parts[next[label] % count].formUnion(own)
            next[label] += 1
        }
        parts.removeAll(where: \.isEmpty)
        let isLeftOver = parts.allSatisfy { $0.count < features.rows.count - 1 }
        return isLeftOver ? parts : []
    }
}

/// Areas under the ROC curves of several classes.
package struct ClassAreas: Sendable, Equatable {
    /// Each class against all others, in the classes' order.
    package let oneVersusRest: [AUCEstimate]
    /// The mean of the areas.
    package let macro: Double
    /// The mean of the areas, by the classes' shares of the cases.
    package let weighted: Double
    /// The mean over pairs of classes, each the mean of both ways to look at it (Hand & Till 2001).
    package let oneVersusOne: Double
    /// The cases as each class's area sees them.
    package let cases: [LabeledScores]

    /// - Parameters:
    ///   - truth: each case's class by its index.
    ///   - scores: for each case, a score for each class.
    ///   - classes: how many.
    ///   - level: of the intervals.
    /// - Throws: ``StatisticsError`` for different lengths, or a class without cases.
    package init(truth: [Int], scores: [[Double]], classes: Int, level: Double = 0.95) throws(StatisticsError) {
        guard truth.count == scores.count else {
            throw .lengthMismatch(expected: truth.count, got: scores.count, what: "scores")
        }
        guard classes > 1, scores.allSatisfy({ $0.count == classes }), truth.allSatisfy({ 0..<classes ~= $0 }) else {
            throw .invalidArgument("areas of several classes need a score of each case for each class")
        }
        var cases: [LabeledScores] = []
        var areas: [AUCEstimate] = []
        for index in 0..<classes {
            let one = try LabeledScores(labels: truth.map { $0 == index }, scores: scores.map { $0[index] })
            areas.append(try DeLong.area(under: one, level: level))
            cases.append(one)
        }
        var pairs: [Double] = []
        for first in 0..<classes {
            for second in (first + 1)..<max(first + 1, classes) {
                let both = truth.indices.filter { truth[$0] == first || truth[$0] == second }
                var sum = 0.0
                for index in [first, second] {
                    let pair = try LabeledScores(
                        labels: both.map { truth[$0] == index }, scores: both.map { scores[$0][index] })
                    sum += try DeLong.area(under: pair).value
                }
                pairs.append(sum / 2)
            }
        }
        oneVersusRest = areas
        macro = areas.reduce(0) { $0 + $1.value } / Double(classes)
        weighted = zip(areas, cases).reduce(0) { $0 + $1.0.value * Double($1.1.positives) } / Double(truth.count)
        oneVersusOne = pairs.reduce(0, +) / Double(pairs.count)
        self.cases = cases
    }
}

/// Cases of several classes by what they are and what they were called.
package struct ClassConfusion: Sendable, Equatable {
    /// What cases are.
    package let classes: [String]
    /// What cases may be called: the classes, and whatever else was said, such as `indeterminate`.
    package let calls: [String]
    /// A row for each class, a column for each call.
    package let counts: [[Int]]

    /// - Parameters:
    ///   - truth: one of the classes for each case.
    ///   - calls: what was said of each case.
    ///   - classes: in the order of rows; calls that are none of them get columns of their own behind.
    /// - Throws: ``StatisticsError`` for no cases, different lengths, or a truth that is none of the classes.
    package init(truth: [String], calls: [String], classes: [String]) throws(StatisticsError) {
        guard !truth.isEmpty else { throw .empty }
        guard truth.count == calls.count else {
            throw .lengthMismatch(expected: truth.count, got: calls.count, what: "calls")
        }
        let names = classes + Set(calls).subtracting(classes).sorted()
        var counts = [[Int]](repeating: [Int](repeating: 0, count: names.count), count: classes.count)
        for (one, other) in zip(truth, calls) {
            guard let row = classes.firstIndex(of: one), let column = names.firstIndex(of: other) else {
                throw .invalidArgument("'\(one)' is none of the classes \(classes.joined(separator: ", "))")
            }
            counts[row][column] += 1
        }
        self.classes = classes
        self.calls = names
        self.counts = counts
    }

    package var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

    /// The share of cases that are called what they are.
    package var accuracy: Proportion? {
        Proportion(classes.indices.reduce(0) { $0 + counts[$1][$1] }, of: total)
    }

    /// The share of each class's cases that are called so; nil for a class without cases.
    package var recalls: [Proportion?] {
        classes.indices.map { Proportion(counts[$0][$0], of: counts[$0].reduce(0, +)) }
    }

    /// The share of each class's calls that are right; nil for a class that is never called.
    package var precisions: [Proportion?] {
        classes.indices.map { column in Proportion(counts[column][column], of: counts.reduce(0) { $0 + $1[column] }) }
    }

    /// The mean of the recalls of those classes that have cases.
    package var balancedAccuracy: Double? {
        let values = recalls.compactMap { $0?.value }
        return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// The mean over the classes of 2TP / (2TP + FP + FN); a class without cases and calls counts as 0.
    package var macroF1: Double {
        let values = classes.indices.map { index -> Double in
            let row = counts[index].reduce(0, +)
            let column = counts.reduce(0) { $0 + $1[index] }
            return row + column == 0 ? 0 : 2 * Double(counts[index][index]) / Double(row + column)
        }
        return values.reduce(0, +) / Double(max(1, values.count))
    }

    /// Cohen's kappa of truth and calls; nil where it is not defined, or something else than the classes was said.
    package var kappa: CohenKappa? { calls.count == classes.count ? try? CohenKappa(table: counts) : nil }
}

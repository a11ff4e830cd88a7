import Foundation
import Statistics
import Testing

/// `Fixtures/vectors.json`; see the script beside it.
struct Vectors: Decodable {
    struct Area: Decodable {
        var value, variance: Double
    }
    struct Test: Decodable {
        var difference, z, p: Double
    }
    struct Counts: Decodable {
        var threshold: Double
        var tp, fp, fn, tn: Int
        var sensitivity: Double
        var wilson, clopperPearson: [Double]
        var matthews: Double
    }
    struct Binary: Decodable {
        var name: String
        var labels: [Int]
        var scores, scores2: [Double]
        var auc, auc2: Area
        var delong: Test
        var fpr, tpr: [Double]
        var at: Counts
        var averagePrecision, brier, logLoss: Double

        func cases() throws -> (first: LabeledScores, second: LabeledScores) {
            let truth = labels.map { $0 == 1 }
            return (try LabeledScores(labels: truth, scores: scores), try LabeledScores(labels: truth, scores: scores2))
        }
    }
    struct Kappa: Decodable {
        var table: [[Int]]
        var kappa, standardError, standardErrorNull, z, p, linear, quadratic, linearError: Double
    }
    struct Student: Decodable {
        var x, y: [Double]
        var t, p, welchT, welchP, welchDF: Double
    }
    struct ChiSquared: Decodable {
        var table: [[Int]]
        var statistic, p: Double
        var dof: Int
    }
    struct McNemar: Decodable {
        var b, c: Int
        var p: Double
    }
    struct Adjusted: Decodable {
        var p, holm, bonferroni, fdr: [Double]
    }
    struct Quantile: Decodable {
        var p, z: Double
    }

    var binary: [Binary]
    var kappa: [Kappa]
    var student: Student
    var chiSquared: [ChiSquared]
    var mcnemar: [McNemar]
    var adjusted: Adjusted
    var quantiles: [Quantile]

    static let all: Vectors = {
        guard let url = Bundle.module.url(forResource: "vectors", withExtension: "json", subdirectory: "Fixtures"),
            let vectors = try? JSONDecoder().decode(Vectors.self, from: Data(contentsOf: url))
        else { fatalError("Fixtures/vectors.json cannot be read") }
        return vectors
    }()
}

/// Whether two numbers agree within 1e-9, absolutely or relative to the larger.
func agree(_ one: Double, _ other: Double) -> Bool {
    abs(one - other) <= 1e-9 * max(1, abs(one), abs(other))
}

import Foundation
import Statistics
import Testing

/// `Fixtures/multiclass.json`; see the script beside it.
private struct ClassVectors: Decodable {
    var truth, calls: [Int]
    var scores: [[Double]]
    var oneVersusRest: [Double]
    var macro, weighted, oneVersusOne: Double
    var confusion: [[Int]]
    var accuracy, balancedAccuracy, macroF1, kappa: Double
    var recalls, precisions: [Double]
    var tied: [Double]
    var weights: [[Int]]
    var weightedAreas: [Double]
    var x, y: [Double]
    var spearman: Double

    static func load() throws -> ClassVectors {
        let url = try #require(
            Bundle.module.url(forResource: "multiclass", withExtension: "json", subdirectory: "Fixtures"))
        return try JSONDecoder().decode(ClassVectors.self, from: Data(contentsOf: url))
    }
}

struct SeveralClassesTests {
    @Test func areasOfSeveralClassesAreThoseOfScikitLearn() throws {
        let vectors = try ClassVectors.load()
        let areas = try ClassAreas(truth: vectors.truth, scores: vectors.scores, classes: 4)
        #expect(zip(areas.oneVersusRest, vectors.oneVersusRest).allSatisfy { agree($0.value, $1) })
        #expect(agree(areas.macro, vectors.macro))
        #expect(agree(areas.weighted, vectors.weighted))
        #expect(agree(areas.oneVersusOne, vectors.oneVersusOne))
    }

    @Test func confusionOfSeveralClassesIsThatOfScikitLearn() throws {
        let vectors = try ClassVectors.load()
        let names = ["a", "b", "c", "d"]
        let confusion = try ClassConfusion(
            truth: vectors.truth.map { names[$0] }, calls: vectors.calls.map { names[$0] }, classes: names)
        #expect(confusion.counts == vectors.confusion)
        #expect(agree(try #require(confusion.accuracy).value, vectors.accuracy))
        #expect(agree(try #require(confusion.balancedAccuracy), vectors.balancedAccuracy))
        #expect(agree(confusion.macroF1, vectors.macroF1))
        #expect(agree(try #require(confusion.kappa).value, vectors.kappa))
        #expect(zip(confusion.recalls, vectors.recalls).allSatisfy { agree($0?.value ?? -1, $1) })
        #expect(zip(confusion.precisions, vectors.precisions).allSatisfy { agree($0?.value ?? -1, $1) })
    }

    @Test func whatIsNoneOfTheClassesGetsAColumnOfItsOwn() throws {
        let confusion = try ClassConfusion(
            truth: ["a", "b", "b"], calls: ["a", "indeterminate", "b"], classes: ["a", "b"])
        #expect(confusion.calls == ["a", "b", "indeterminate"])
        #expect(confusion.counts == [[1, 0, 0], [0, 1, 1]])
        #expect(confusion.kappa == nil && confusion.accuracy?.successes == 2)
        #expect(throws: StatisticsError.self) { try ClassConfusion(truth: ["x"], calls: ["a"], classes: ["a", "b"]) }
        #expect(throws: StatisticsError.self) {
            try ClassAreas(truth: [0, 0], scores: [[0, 1], [1, 0]], classes: 2)
        }
    }

    @Test func resampledAreasAreThoseOfScikitLearnWithSampleWeights() throws {
        let vectors = try ClassVectors.load()
        let cases = try LabeledScores(labels: vectors.truth.map { $0 == 0 }, scores: vectors.tied)
        let ranked = try RankedScores(cases)
        for (weights, expected) in zip(vectors.weights, vectors.weightedAreas) {
            #expect(agree(try #require(ranked.area(weights: weights)), expected))
        }
        #expect(ranked.area(weights: [Int](repeating: 0, count: cases.count)) == nil)
    }

    @Test func ranksAreCorrelatedAsSciPyDoes() throws {
        let vectors = try ClassVectors.load()
        #expect(agree(try RankCorrelation.spearman(vectors.x, vectors.y), vectors.spearman))
        #expect(try RankCorrelation.spearman([1, 1], [1, 2]) == 0)
    }

    @Test func aBandHoldsItsCurveAndEndsWhereTheCurveEnds() throws {
        let labels = (0..<80).map { $0 % 3 == 0 }
        let scores = labels.enumerated().map { index, label -> Double in
            let base = Double((index * 37) % 80) / 80
            return label ? base + 0.3 : base
        }
        let cases = try LabeledScores(labels: labels, scores: scores)
        let patients = (0..<80).map { "p\($0 / 2)" }
        let band = try ROCBand(cases, patients: patients, steps: 10, resamples: 200, seed: 3)
        #expect(band.points.count == 11 && band.points[10].lower == 1)
        let curve = try ROCCurve(cases)
        for point in band.points.dropFirst().dropLast() {
            let below = curve.points.last { $0.falsePositiveRate <= point.falsePositiveRate }
            let above = curve.points.first { $0.falsePositiveRate >= point.falsePositiveRate }
            #expect(try #require(below).truePositiveRate <= point.upper + 1e-12)
            #expect(try #require(above).truePositiveRate >= point.lower - 1e-12)
        }
    }

    @Test func differencesOfAreasAreResampledTogether() throws {
        let labels = (0..<60).map { $0 % 2 == 0 }
        let first = labels.enumerated().map { index, label -> Double in
            let base = Double((index * 17) % 60)
            return label ? base + 20 : base
        }
        let cases = try LabeledScores(labels: labels, scores: first)
        let patients = (0..<60).map { "p\($0 / 2)" }
        let same = try PatientBootstrap(differenceOf: cases, cases, patients: patients, resamples: 100)
        #expect(same.lower == 0 && same.upper == 0)
        let reversed = try LabeledScores(labels: labels, scores: first.map { -$0 })
        let other = try PatientBootstrap(differenceOf: cases, reversed, patients: patients, resamples: 100)
        #expect(other.lower > 0)
        let single = try PatientBootstrap(cases, patients: patients, resamples: 100)
        let mean = try PatientBootstrap(meanOf: [cases, cases], patients: patients, resamples: 100)
        #expect(mean == single)
    }
}

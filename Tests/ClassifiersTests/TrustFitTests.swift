import Classifiers
import Foundation
import NeuralNetwork
import Statistics
import Testing

/// `Fixtures/trust.json`; see the script beside it.
private struct Distances: Decodable {
    struct Case: Decodable {
        var name: String
        var rows, probes, covariance: [[Double]]
        var labels: [Int]
        var fixedShrinkage: Double?
        var shrinkage: Double
        var distances: [Double]
    }
    var cases: [Case]

    static let all: Distances = {
        guard let url = Bundle.module.url(forResource: "trust", withExtension: "json", subdirectory: "Fixtures"),
            let distances = try? JSONDecoder().decode(Distances.self, from: Data(contentsOf: url))
        else { fatalError("Fixtures/trust.json cannot be read") }
        return distances
    }()
}

/// What is fitted of logits and features.
struct TrustFitTests {
    @Test func covarianceAndDistancesAreThoseOfScikitLearn() throws {
        for one in Distances.all.cases {
            let fit = OutOfDistributionFit(shrinkage: one.fixedShrinkage.map { .fixed($0) } ?? .ledoitWolf)
            let (detector, shrinkage) = try fit.fit(one.rows, one.labels, 2)
            #expect(abs(shrinkage - one.shrinkage) < 1e-9, "\(one.name)")
            for (row, expected) in zip(one.rows + one.probes, one.distances) {
                let distance = detector.distance(of: row)
                #expect(abs(distance - expected) < 1e-6 * max(1, expected), "\(one.name): \(distance) \(expected)")
            }
            let factor = detector.factor
            for row in 0..<factor.order {
                for column in 0...row {
                    let product = (0...column).reduce(0) { sum, k in
                        sum + factor.packed[row * (row + 1) / 2 + k] * factor.packed[column * (column + 1) / 2 + k]
                    }
                    #expect(abs(product - one.covariance[row][column]) < 1e-9)
                }
            }
        }
    }

    @Test func thresholdKeepsTheShareOfTheTrainingInside() throws {
        var generator = SeededGenerator(seed: 3)
        let training = Simulation.features(200, &generator)
        let own = try OutOfDistributionFit(insideShare: 0.9, folds: 1).run(training, classes: 2)
        let inside = training.rows.count { own.detector.distance(of: $0.map(Double.init)) <= own.threshold }
        // ⌈201 · 0.9⌉ = 181 of 200.
        #expect(inside == 181)
        // From the others' fit cases lie farther, as new ones do.
        let folded = try OutOfDistributionFit(insideShare: 0.9, folds: 5).run(training, classes: 2)
        #expect(folded.threshold > own.threshold && folded.folds == 5)
        let new = Simulation.features(2000, &generator)
        let share =
            Double(new.rows.count { folded.detector.distance(of: $0.map(Double.init)) <= folded.threshold }) / 2000
        #expect(abs(share - 0.9) < 0.06, "\(share)")
        #expect(folded.detector.distance(of: [Double](repeating: 30, count: 12)) > 3 * folded.threshold)
    }

    @Test func groupsStayTogetherAndFewCasesAreNotParted() throws {
        var generator = SeededGenerator(seed: 4)
        var training = Simulation.features(40, &generator)
        training.groups = (0..<40).map { "\($0 / 20)" }
        #expect(try OutOfDistributionFit().run(training, classes: 2).folds == 1)
        training.groups = (0..<40).map { "\($0 / 4)" }
        #expect(try OutOfDistributionFit().run(training, classes: 2).folds == 5)
    }

    @Test func featuresThatAllowNoFitAreRefusedWithTheReason() throws {
        var generator = SeededGenerator(seed: 5)
        let good = Simulation.features(20, &generator)
        func complaint(_ change: (inout TrustFitter.TrainingFeatures) -> Void) -> String {
            var features = good
            change(&features)
            do {
                _ = try OutOfDistributionFit().run(features, classes: 2)
                return "none"
            } catch {
                return "\(error)"
            }
        }
        #expect(complaint { _ in } == "none")
        #expect(complaint { $0.rows[3][2] = .nan }.contains("case 4"))
        #expect(complaint { $0.rows[3].removeLast() }.contains("expected 12, got 11"))
        #expect(complaint { $0.labels.removeLast() }.contains("expected 20, got 19"))
        #expect(complaint { $0.labels = Array(repeating: 0, count: 20) }.contains("label 1"))
        #expect(complaint { $0.rows = $0.rows.map { _ in [Float](repeating: 1, count: 12) } }.contains("no inverse"))
        #expect(complaint { $0.rows = [] }.contains("no features"))
    }

    /// New cases are in their sets as often as was promised, for both kinds of sets, both networks' outputs.
    @Test(arguments: TrustDescription.Conformal.Kind.allCases, [1, 2])
    func labelSetsCoverSimulatedCasesAsOftenAsPromised(
        kind: TrustDescription.Conformal.Kind, outputs: Int
    ) throws {
        var generator = SeededGenerator(seed: 7)
        var fitter = TrustFitter()
        fitter.coverage = 0.8
        fitter.kind = kind
        var (covered, trials) = ([0, 0], [0, 0])
        for _ in 0..<300 {
            let (logits, labels) = Simulation.logits(49, outputs, &generator)
            let trust = try fitter.fit(logits: logits, labels: labels)
            let quantiles = try #require(trust.conformal).quantiles
            let new = Simulation.logits(2, outputs, &generator)
            for (row, label) in zip(new.logits, new.labels) {
                let probability = Double(trust.calibration.probabilities(logits: row)[label])
                trials[label] += 1
                covered[label] += 1 - probability <= quantiles[label] ? 1 : 0
            }
        }
        if kind == .marginal {
            let all = try #require(Proportion(covered[0] + covered[1], of: trials[0] + trials[1]))
            let interval = all.clopperPearson(level: 0.99)
            #expect(interval.lower <= 0.8 && 0.8 <= interval.upper, "\(all)")
        } else {
            for label in 0..<2 {
                // About 24 cases of the label: ⌈25 · 0.8⌉ of 25, and up to 0.84 where their number is another.
                let interval = try #require(Proportion(covered[label], of: trials[label])).clopperPearson(level: 0.99)
                #expect(interval.lower <= 0.84 && 0.8 <= interval.upper, "\(covered) of \(trials)")
            }
        }
    }

    @Test func tooFewCasesHaveSetsOfAllLabels() throws {
        var generator = SeededGenerator(seed: 8)
        let (logits, labels) = Simulation.logits(8, 2, &generator)
        let trust = try TrustFitter().fit(logits: logits, labels: labels)
        #expect(trust.conformal?.quantiles == [1, 1])
    }

    @Test func logitsThatAllowNoFitAreRefused() throws {
        var generator = SeededGenerator(seed: 9)
        let (logits, labels) = Simulation.logits(40, 2, &generator)
        for method in [TrustFitter.Method.temperature, .platt] {
            var fitter = TrustFitter()
            fitter.method = method
            #expect(throws: TrustError.self) { try fitter.fit(logits: logits, labels: labels.map { 1 - $0 }) }
            #expect(throws: TrustError.self) { try fitter.fit(logits: logits, labels: labels.map { _ in 1 }) }
            #expect(throws: TrustError.self) { try fitter.fit(logits: logits, labels: labels.map { $0 + 1 }) }
            #expect(throws: TrustError.self) { try fitter.fit(logits: [], labels: []) }
            #expect(throws: TrustError.self) { try fitter.fit(logits: [[1, .nan], [1, 2]], labels: [0, 1]) }
            #expect(throws: TrustError.self) { try fitter.fit(logits: [[1, 2], [1]], labels: [0, 1]) }
        }
    }

    @Test func theFiguresSayWhatCalibrationBrought() throws {
        var generator = SeededGenerator(seed: 10)
        var (logits, labels) = Simulation.logits(400, 2, &generator)
        logits = logits.map { $0.map { 4 * $0 } }
        for method in [TrustFitter.Method.temperature, .platt] {
            var fitter = TrustFitter()
            fitter.method = method
            let figures = try fitter.fit(logits: logits, labels: labels).figures
            let before = try #require(figures["uncalibrated"]?["expectedCalibrationError"]?.number)
            let after = try #require(figures["calibrated"]?["expectedCalibrationError"]?.number)
            #expect(after < before / 2)
            #expect(figures["cases"] == .int(400))
        }
    }
}

/// Cases whose distribution is known.
enum Simulation {
    /// Two classes in twelve correlated dimensions.
    static func features(_ count: Int, _ generator: inout SeededGenerator) -> TrustFitter.TrainingFeatures {
        var rows: [[Float]] = []
        for index in 0..<count {
            let common = generator.normalPair().0
            rows.append(
                (0..<12).map { dimension in
                    let own = generator.normalPair().0
                    return Float(own + common + (dimension == index % 2 ? 3 : 0))
                })
        }
        return .init(rows: rows, labels: (0..<count).map { $0 % 2 })
    }

    /// Logits that tell two classes of equal frequency apart as two normal distributions do.
    static func logits(
        _ count: Int, _ outputs: Int, _ generator: inout SeededGenerator
    ) -> (logits: [[Float]], labels: [Int]) {
        var (logits, labels): ([[Float]], [Int]) = ([], [])
        for _ in 0..<count {
            let label = generator.uniform() < 0.5 ? 0 : 1
            let (one, other) = generator.normalPair()
            let score = Float(1.5 * one + (label == 1 ? 1.2 : -1.2))
            logits.append(outputs == 1 ? [score] : [Float(other), Float(other) + score])
            labels.append(label)
        }
        return (logits, labels)
    }
}

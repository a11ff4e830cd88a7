import Foundation
import Statistics
import Testing

/// `Fixtures/calibration.json`; see the script beside it.
private struct Fits: Decodable {
    struct Temperature: Decodable {
        var logits: [[Double]]
        var labels: [Int]
        var temperature: Double
    }
    struct Platt: Decodable {
        var scores: [Double]
        var labels: [Int]
        var slope, intercept: Double
    }
    struct Conformal: Decodable {
        var scores: [Double]
        var coverage: Double
        var quantile: Double?
    }

    var temperature: [Temperature]
    var platt, smoothed: [Platt]
    var conformal: [Conformal]

    static let all: Fits = {
        guard let url = Bundle.module.url(forResource: "calibration", withExtension: "json", subdirectory: "Fixtures"),
            let fits = try? JSONDecoder().decode(Fits.self, from: Data(contentsOf: url))
        else { fatalError("Fixtures/calibration.json cannot be read") }
        return fits
    }()
}

/// Calibration against scikit-learn's and SciPy's.
struct CalibrationFitTests {
    private func agree(_ one: Double, _ other: Double) -> Bool { abs(one - other) <= 1e-6 * max(1, abs(other)) }

    @Test func temperatureIsThatOfSciPy() throws {
        for one in Fits.all.temperature {
            let fit = try TemperatureFit(logits: one.logits, labels: one.labels)
            #expect(agree(fit.temperature, one.temperature), "\(fit.temperature) \(one.temperature)")
            #expect(!fit.isSmoothed)
        }
    }

    @Test func lineIsThatOfLogisticRegressionWithoutPenalty() throws {
        for one in Fits.all.platt {
            let fit = try PlattFit(scores: one.scores, labels: one.labels.map { $0 == 1 })
            #expect(agree(fit.slope, one.slope), "\(fit.slope) \(one.slope)")
            #expect(agree(fit.intercept, one.intercept), "\(fit.intercept) \(one.intercept)")
            #expect(!fit.isSmoothed)
        }
    }

    @Test func classesThatACutPartsAreFittedToPlattsTargets() throws {
        for one in Fits.all.smoothed {
            let fit = try PlattFit(scores: one.scores, labels: one.labels.map { $0 == 1 })
            #expect(fit.isSmoothed)
            #expect(agree(fit.slope, one.slope), "\(fit.slope) \(one.slope)")
            #expect(agree(fit.intercept, one.intercept), "\(fit.intercept) \(one.intercept)")
        }
        let sure = try TemperatureFit(logits: [[3, 0], [2, 0], [0, 1], [0, 4]], labels: [0, 0, 1, 1])
        #expect(sure.isSmoothed && sure.temperature > 0.1 && sure.temperature < 10)
    }

    @Test func temperatureScalesWithTheLogits() throws {
        let one = Fits.all.temperature[0]
        let fit = try TemperatureFit(logits: one.logits.map { $0.map { 1e4 * $0 } }, labels: one.labels)
        #expect(abs(fit.temperature / (1e4 * one.temperature) - 1) < 1e-9)
        let shifted = try TemperatureFit(logits: one.logits.map { $0.map { $0 + 500 } }, labels: one.labels)
        #expect(abs(shifted.temperature / one.temperature - 1) < 1e-9)
    }

    @Test func casesThatAllowNoFitAreRefused() {
        let (rows, labels) = (Fits.all.temperature[0].logits, Fits.all.temperature[0].labels)
        #expect(throws: StatisticsError.self) { try TemperatureFit(logits: rows, labels: labels.map { 1 - $0 }) }
        #expect(throws: StatisticsError.oneClassOnly(positives: 0, negatives: 2)) {
            try TemperatureFit(logits: [[1, 0], [2, 1]], labels: [0, 0])
        }
        #expect(throws: StatisticsError.self) { try TemperatureFit(logits: [[1, 1], [2, 2]], labels: [0, 1]) }
        #expect(throws: StatisticsError.self) { try TemperatureFit(logits: [[1, 0], [.nan, 1]], labels: [0, 1]) }
        #expect(throws: StatisticsError.self) { try TemperatureFit(logits: [[1, 0], [2]], labels: [0, 1]) }
        #expect(throws: StatisticsError.self) { try TemperatureFit(logits: rows, labels: [0]) }
        #expect(throws: StatisticsError.empty) { try TemperatureFit(logits: [], labels: []) }
        #expect(throws: StatisticsError.self) { try TemperatureFit(logits: [[1, 0], [2, 1]], labels: [0, 2]) }
        #expect(throws: StatisticsError.self) { try PlattFit(scores: [1, 1], labels: [true, false]) }
        #expect(throws: StatisticsError.self) { try PlattFit(scores: [1, 2], labels: [true, true]) }
    }
}

/// Split-conformal quantiles.
struct ConformalQuantileTests {
    @Test func quantileIsThatOfTheFiniteSample() throws {
        for one in Fits.all.conformal {
            #expect(try ConformalQuantile.value(of: one.scores, coverage: one.coverage) == one.quantile)
        }
        #expect(try ConformalQuantile.value(of: [3, 1, 2, 4], coverage: 0.8) == 4)
        #expect(try ConformalQuantile.value(of: [3, 1, 2, 4], coverage: 0.81) == nil)
    }

    @Test func senselessQuestionsAreRefused() {
        #expect(throws: StatisticsError.empty) { try ConformalQuantile.value(of: [], coverage: 0.9) }
        for coverage in [0, 1, -0.1, .nan] {
            #expect(throws: StatisticsError.self) { try ConformalQuantile.value(of: [1], coverage: coverage) }
        }
        #expect(throws: StatisticsError.self) { try ConformalQuantile.value(of: [1, .infinity], coverage: 0.5) }
    }

    /// Of n exchangeable scores and one more, that one is within with a chance of k/(n + 1) exactly.
    @Test(arguments: [(19, 0.9), (30, 0.8), (50, 0.95)])
    func coverageOfSimulatedCasesLiesInItsBinomialInterval(count: Int, coverage: Double) throws {
        var state: UInt64 = 20_261_122
        func uniform() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) * 0x1p-53
        }
        let trials = 3000
        var within = 0
        for _ in 0..<trials {
            let quantile = try #require(
                try ConformalQuantile.value(of: (0..<count).map { _ in uniform() }, coverage: coverage))
            within += uniform() <= quantile ? 1 : 0
        }
        let expected = (Double(count + 1) * coverage).rounded(.up) / Double(count + 1)
        let interval = try #require(Proportion(within, of: trials)).clopperPearson(level: 0.99)
        #expect(interval.lower <= expected && expected <= interval.upper, "\(within) of \(trials)")
    }
}

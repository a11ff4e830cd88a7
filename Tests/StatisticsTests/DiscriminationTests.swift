import Statistics
import Testing

struct DiscriminationTests {
    @Test(arguments: Vectors.all.binary.map(\.name))
    func areasAndTheirVariancesAreThoseOfTheirDefinition(_ name: String) throws {
        let vector = try #require(Vectors.all.binary.first { $0.name == name })
        let cases = try vector.cases()
        for (cases, expected) in [(cases.first, vector.auc), (cases.second, vector.auc2)] {
            let area = try DeLong.area(under: cases)
            #expect(agree(area.value, expected.value))
            #expect(agree(area.variance, expected.variance))
            let half = 1.959963984540054 * expected.variance.squareRoot()
            #expect(
                agree(area.lower, max(0, expected.value - half)) && agree(area.upper, min(1, expected.value + half)))
        }
        let comparison = try DeLong.compare(paired: cases.first, cases.second)
        #expect(agree(comparison.difference, vector.delong.difference))
        #expect(agree(try #require(comparison.z), vector.delong.z))
        #expect(agree(comparison.p, vector.delong.p))
    }

    @Test(arguments: Vectors.all.binary.map(\.name))
    func curvesAndCutsAreThoseOfScikitLearn(_ name: String) throws {
        let vector = try #require(Vectors.all.binary.first { $0.name == name })
        let cases = try vector.cases().first
        let curve = try ROCCurve(cases)
        #expect(curve.points.count == vector.fpr.count)
        #expect(zip(curve.points, vector.fpr).allSatisfy { agree($0.falsePositiveRate, $1) })
        #expect(zip(curve.points, vector.tpr).allSatisfy { agree($0.truePositiveRate, $1) })
        #expect(curve.points[0].threshold == .infinity)
        #expect(curve.youdenCuts.first?.threshold == vector.at.threshold)
        #expect(agree(curve.averagePrecision, vector.averagePrecision))

        let counts = ConfusionCounts(cases, threshold: vector.at.threshold)
        #expect([counts.truePositives, counts.falsePositives] == [vector.at.tp, vector.at.fp])
        #expect([counts.falseNegatives, counts.trueNegatives] == [vector.at.fn, vector.at.tn])
        #expect(agree(counts.matthewsCorrelation, vector.at.matthews))
        let wilson = try #require(counts.sensitivity).wilson()
        #expect(agree(wilson.lower, vector.at.wilson[0]) && agree(wilson.upper, vector.at.wilson[1]))
        let exact = try #require(counts.specificity).clopperPearson()
        #expect(agree(exact.lower, vector.at.clopperPearson[0]) && agree(exact.upper, vector.at.clopperPearson[1]))
    }

    @Test(arguments: Vectors.all.binary.map(\.name))
    func calibrationIsThatOfScikitLearn(_ name: String) throws {
        let vector = try #require(Vectors.all.binary.first { $0.name == name })
        let report = try CalibrationReport(try vector.cases().first)
        #expect(agree(report.brier, vector.brier))
        #expect(agree(report.logLoss, vector.logLoss))
        #expect(report.bins.reduce(0) { $0 + $1.count } == vector.labels.count)
    }

    @Test func aPerfectScoreHasAnAreaOfOneWithoutSpread() throws {
        let cases = try LabeledScores(labels: [true, true, false, false], scores: [0.9, 0.8, 0.2, 0.1])
        let area = try DeLong.area(under: cases)
        #expect(area.value == 1 && area.variance == 0 && area.lower == 1 && area.upper == 1)
        let comparison = try DeLong.compare(paired: cases, cases)
        #expect(comparison.difference == 0 && comparison.z == 0 && comparison.p == 1)
    }

    @Test func aConstantScoreTiesEveryCut() throws {
        let cases = try LabeledScores(labels: [true, false, true, false], scores: [0.5, 0.5, 0.5, 0.5])
        #expect(try DeLong.area(under: cases).value == 0.5)
        #expect(try ROCCurve(cases).youdenCuts.map(\.threshold) == [.infinity, 0.5])
    }

    @Test func everyTiedCutOfYoudensIndexIsGiven() throws {
        let cases = try LabeledScores(
            labels: [true, false, true, false, true, false], scores: [0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
        #expect(try ROCCurve(cases).youdenCuts.map(\.threshold) == [0.9, 0.7, 0.5])
    }

    @Test func oneClassAloneHasNoArea() throws {
        let cases = try LabeledScores(labels: [true, true], scores: [0.1, 0.2])
        #expect(throws: StatisticsError.oneClassOnly(positives: 2, negatives: 0)) { try DeLong.area(under: cases) }
        #expect(throws: StatisticsError.notFinite(index: 1, what: "the score")) {
            try LabeledScores(labels: [true, false], scores: [0, .nan])
        }
        #expect(throws: StatisticsError.empty) { try LabeledScores(labels: [], scores: []) }
    }

    @Test func resamplingPatientsOfOneLesionEachAgreesWithDeLong() throws {
        let vector = try #require(Vectors.all.binary.first { $0.name == "ties" })
        let cases = try vector.cases().first
        let patients = vector.labels.indices.map { "patient-\($0)" }
        let bootstrap = try PatientBootstrap(cases, patients: patients, resamples: 4000, seed: 3)
        let area = try DeLong.area(under: cases)
        #expect(abs(bootstrap.lower - area.lower) < 0.02 && abs(bootstrap.upper - area.upper) < 0.02)
        #expect(bootstrap == (try PatientBootstrap(cases, patients: patients, resamples: 4000, seed: 3)))
    }

    @Test func casesOfOnePatientWidenTheInterval() throws {
        let vector = try #require(Vectors.all.binary.first { $0.name == "ties" })
        let cases = try vector.cases().first
        // Every case four times, as four lesions of one patient.
        let positions = cases.labels.indices.flatMap { [$0, $0, $0, $0] }
        let repeated = try cases.picking(positions)
        let byPatient = try PatientBootstrap(repeated, patients: positions.map { "p\($0)" }, seed: 5)
        let byLesion = try PatientBootstrap(repeated, patients: positions.indices.map { "p\($0)" }, seed: 5)
        #expect(byPatient.upper - byPatient.lower > 1.7 * (byLesion.upper - byLesion.lower))
    }

    @Test func netBenefitOfCallingEverybodyIsThatOfTreatingAll() throws {
        let cases = try LabeledScores(labels: [true, false, false, true], scores: [1, 1, 1, 1])
        let curve = try DecisionCurve(cases, thresholds: [0.2, 0.5])
        #expect(curve.points.allSatisfy { agree($0.netBenefit, $0.treatAll) })
        #expect(agree(curve.points[0].netBenefit, 0.5 - 0.5 * 0.25))
    }
}

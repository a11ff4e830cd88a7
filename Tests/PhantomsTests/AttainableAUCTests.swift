import Contracts
import Datasets
import Imaging
import Statistics
import Testing

@testable import Phantoms

@Suite struct AttainableAUCTests {
    /// scipy.stats.norm.cdf(d / sqrt(2)), SciPy 1.16.
    @Test(arguments: [(1.4, 0.8389005969187091), (2.2, 0.9401025347870409), (3, 0.9830525732376554)])
    func leadingLatentsGiveTheAUCOfTheirDistance(_ separation: Double, _ expected: Double) {
        let nodes = AttainableAUC(.lymphNode(separation: separation), .nodeStatus, seeing: [.t2])
        #expect(abs(nodes.value - expected) < 1e-12)
        let lung = AttainableAUC(
            .brainMetastasis(separation: separation), .lungVersusNonLung, seeing: [.t1], draws: 8000)
        // A simulation, since each class has two outcomes, though in T1 alone they do not differ.
        #expect(lung.standardError > 0)
        #expect(abs(lung.value - expected) < 4 * lung.standardError)
    }

    /// The likelihood ratio of the mixtures in diffusion and necrosis, integrated with NumPy on a grid of 1801²
    /// points from −9 to 9.
    @Test func simulationsAgreeWithAnIntegral() {
        let lung = AttainableAUC(.brainMetastasis(separation: 3), .lungVersusNonLung, seeing: [.dwi], draws: 20_000)
        #expect(abs(lung.value - 0.7275263512873059) < 4 * lung.standardError)
        #expect(lung.standardError < 0.003)
    }

    @Test func thePapersSequencesTellMost() {
        let model = LatentModel.brainMetastasis(separation: 2.2)
        func best(_ role: ClassifierRole, among sets: [[MRSequence]]) -> [MRSequence]? {
            sets.map { (set: $0, auc: AttainableAUC(model, role, seeing: Set($0), draws: 4000).value) }
                .max { $0.auc < $1.auc }?.set
        }
        let single = MRSequence.allCases.map { [$0] }
        #expect(best(.lungVersusNonLung, among: single) == [.t1])
        #expect(best(.sclcVersusNSCLC, among: single) == [.dwi])
        #expect(best(.bcVersusGIC, among: single) == [.t1ce])
        let sets = CohortTruth.sequenceSets.dropLast()
        #expect(best(.bcVersusGIC, among: Array(sets)) == [.t2, .dwi, .t1ce])
    }

    @Test func moreSequencesNeverTellLess() {
        let model = LatentModel.brainMetastasis(separation: 1.4)
        for role in [ClassifierRole.sclcVersusNSCLC, .bcVersusGIC] {
            let all = AttainableAUC(model, role, seeing: Set(MRSequence.allCases)).value
            for sequence in MRSequence.allCases {
                #expect(AttainableAUC(model, role, seeing: [sequence]).value <= all)
            }
        }
    }

    @Test func withoutSeparationNothingCanBeTold() {
        #expect(AttainableAUC(.lymphNode(separation: 0), .nodeStatus, seeing: [.t2]).value == 0.5)
    }

    @Test func drawnLatentsHaveTheirMeansAndVariances() {
        let model = LatentModel.brainMetastasis(separation: 2)
        var random = PhantomRandom(seed: 9)
        let count = 4000
        let drawn = (0..<count).map { _ in
            model.draw(.sclc, patient: model.drawPatient(&random), random: &random)
        }
        for (place, latent) in model.latents.enumerated() {
            let values = drawn.map { $0[place] }
            let mean = values.reduce(0, +) / Double(count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
            // Five standard errors.
            #expect(abs(mean - (latent.means[.sclc] ?? .nan)) < 0.08)
            #expect(abs(variance - 1) < 0.12)
        }
    }

    @Test func lesionsOfOnePatientAreAlike() {
        let model = LatentModel.brainMetastasis(separation: 0)
        var random = PhantomRandom(seed: 4)
        var products = 0.0
        let count = 4000
        for _ in 0..<count {
            let patient = model.drawPatient(&random)
            let first = model.draw(.bc, patient: patient, random: &random)
            let second = model.draw(.bc, patient: patient, random: &random)
            products += zip(first, second).reduce(0) { $0 + $1.0 * $1.1 } / Double(first.count)
        }
        #expect(abs(products / Double(count) - model.sharedVariance) < 0.04)
    }

    @Test(arguments: [("easy", 3), ("moderate", 2.2), ("hard", 1.4), ("0.7", 0.7)])
    func difficultiesAreReadByNameOrNumber(_ text: String, _ separation: Double) {
        #expect(CohortDifficulty(text)?.separation == separation)
    }

    @Test(arguments: ["", "harder", "-1", "nan", "21"])
    func otherDifficultiesAreRefused(_ text: String) {
        #expect(CohortDifficulty(text) == nil)
    }
}

import Statistics
import Testing

struct AgreementTests {
    @Test(arguments: Vectors.all.kappa.indices)
    func kappaAndItsErrorsAreThoseOfStatsmodels(_ index: Int) throws {
        let vector = Vectors.all.kappa[index]
        let kappa = try CohenKappa(table: vector.table)
        #expect(agree(kappa.value, vector.kappa))
        #expect(agree(kappa.standardError, vector.standardError))
        #expect(agree(kappa.standardErrorNull, vector.standardErrorNull))
        #expect(agree(kappa.z, vector.z) && agree(kappa.p, vector.p))
        let linear = try CohenKappa(table: vector.table, weighting: .linear)
        #expect(agree(linear.value, vector.linear) && agree(linear.standardError, vector.linearError))
        #expect(agree(try CohenKappa(table: vector.table, weighting: .quadratic).value, vector.quadratic))
    }

    @Test func callsAndTheirTableSayTheSame() throws {
        let first = ["a", "a", "b", "b", "a"]
        let second = ["a", "b", "b", "b", "a"]
        #expect(try CohenKappa(first, second) == CohenKappa(table: [[2, 1], [0, 2]]))
        #expect(throws: StatisticsError.self) { try CohenKappa(["a", "a"], ["a", "a"]) }
    }

    /// Table 3 of Li et al. 2021: P = 318, N = 326.
    @Test(arguments: [
        (
            ConfusionCounts(truePositives: 174, falsePositives: 95, falseNegatives: 144, trueNegatives: 231),
            [64.7, 61.6, 54.7, 70.9]
        ),
        (
            ConfusionCounts(truePositives: 217, falsePositives: 129, falseNegatives: 101, trueNegatives: 197),
            [62.7, 66.1, 68.2, 60.4]
        ),
        (
            ConfusionCounts(truePositives: 222, falsePositives: 117, falseNegatives: 96, trueNegatives: 209),
            [65.5, 68.5, 69.8, 64.1]
        ),
        (
            ConfusionCounts(truePositives: 230, falsePositives: 126, falseNegatives: 88, trueNegatives: 200),
            [64.6, 69.4, 72.3, 61.3]
        ),
    ])
    func readersOfTheLymphNodePaperAreReproduced(_ counts: ConfusionCounts, _ percent: [Double]) throws {
        let found = [
            counts.positivePredictiveValue, counts.negativePredictiveValue, counts.sensitivity, counts.specificity,
        ]
        for (proportion, expected) in zip(found, percent) {
            #expect(abs(try #require(proportion).value * 100 - expected) <= 0.05 + 1e-9)
        }
    }

    @Test(arguments: Vectors.all.mcnemar.indices)
    func mcnemarsExactTestIsThatOfSciPy(_ index: Int) {
        let vector = Vectors.all.mcnemar[index]
        #expect(agree(McNemarTest(onlyFirst: vector.b, onlySecond: vector.c).exactP, vector.p))
    }

    @Test func mcnemarCountsWhatOnlyOneHadRight() {
        let test = McNemarTest(
            truth: [true, true, false, false], first: [true, false, false, true], second: [false, false, true, true])
        #expect(test.onlyFirst == 2 && test.onlySecond == 0)
        #expect(McNemarTest(onlyFirst: 0, onlySecond: 0).exactP == 1)
    }
}

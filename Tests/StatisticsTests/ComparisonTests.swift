import Statistics
import Testing

struct ComparisonTests {
    @Test func meansAreComparedAsSciPyDoes() throws {
        let vector = Vectors.all.student
        let student = try TTest(vector.x, vector.y, assumesEqualVariances: true)
        #expect(agree(student.t, vector.t) && agree(student.p, vector.p))
        let welch = try TTest(vector.x, vector.y)
        #expect(agree(welch.t, vector.welchT) && agree(welch.p, vector.welchP))
        #expect(agree(welch.degreesOfFreedom, vector.welchDF))
        #expect(throws: StatisticsError.self) { try TTest([1], [1, 2]) }
        #expect(throws: StatisticsError.self) { try TTest([1, 1], [2, 2]) }
    }

    @Test(arguments: Vectors.all.chiSquared.indices)
    func tablesAreTestedAsSciPyDoes(_ index: Int) throws {
        let vector = Vectors.all.chiSquared[index]
        let test = try ChiSquaredTest(vector.table)
        #expect(agree(test.statistic, vector.statistic) && agree(test.p, vector.p))
        #expect(test.degreesOfFreedom == vector.dof)
    }

    @Test func severalTestsAreAdjustedAsStatsmodelsDoes() {
        let vector = Vectors.all.adjusted
        #expect(zip(MultipleComparisons.holm(vector.p), vector.holm).allSatisfy(agree))
        #expect(zip(MultipleComparisons.bonferroni(vector.p), vector.bonferroni).allSatisfy(agree))
        #expect(zip(MultipleComparisons.benjaminiHochberg(vector.p), vector.fdr).allSatisfy(agree))
    }

    @Test func quantilesOfTheNormalDistributionAreThoseOfSciPy() {
        for vector in Vectors.all.quantiles { #expect(agree(NormalDistribution.quantile(vector.p), vector.z)) }
    }
}

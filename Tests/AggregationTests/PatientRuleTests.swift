import Contracts
import Testing

@testable import Aggregation

struct PatientRuleTests {
    private func brain(_ regions: [RegionClassified]) -> PatientFinding {
        PatientRule.finding(task: .brainMetastasis, regions: regions, expected: regions.count)
    }

    private func nodes(_ labels: [(String, Double)], expected: Int? = nil) -> PatientFinding {
        let regions = labels.enumerated().map { index, one in
            Sample.classified(
                "run", "node-\(index)", probabilities: ["positive": one.1, "negative": 1 - one.1], label: one.0,
                task: .lymphNode)
        }
        return PatientRule.finding(task: .lymphNode, regions: regions, expected: expected ?? regions.count)
    }

    @Test func originIsTheBestMeanOverTheRegions() {
        let finding = brain([
            Sample.classified(
                "run", "a", probabilities: ["sclc": 0.5, "nsclc": 0.3, "bc": 0.1, "gic": 0.1], label: "sclc"),
            Sample.classified(
                "run", "b", probabilities: ["sclc": 0.1, "nsclc": 0.4, "bc": 0.4, "gic": 0.1], label: "nsclc"),
            Sample.classified(
                "run", "c", probabilities: ["sclc": 0.6, "nsclc": 0.2, "bc": 0.1, "gic": 0.1], label: "sclc"),
        ])
        #expect(finding.origin == "sclc")
        #expect(abs((finding.probability ?? 0) - 0.4) < 1e-12)
        #expect(abs((finding.probabilities["sclc"] ?? 0) - 0.4) < 1e-12)
        #expect(abs((finding.probabilities["nsclc"] ?? 0) - 0.3) < 1e-12)
        #expect(abs(finding.probabilities.values.reduce(0, +) - 1) < 1e-12)
    }

    @Test func agreementIsTheShareOfDecidedRegionsWithThePatientsLabel() throws {
        let finding = brain([
            Sample.classified("run", "a"), Sample.classified("run", "b"),
            Sample.classified(
                "run", "c", probabilities: ["sclc": 0.1, "nsclc": 0.1, "bc": 0.7, "gic": 0.1], label: "bc"),
            Sample.classified("run", "d", probabilities: [:], label: "indeterminate"),
        ])
        #expect(finding.origin == "sclc")
        #expect(abs(try #require(finding.agreement) - 2.0 / 3) < 1e-12)
        #expect(finding.rule == "mean of the regions' probabilities, down the hierarchy")
        #expect(finding.label == "sclc")
    }

    @Test func massOnAnUnsplitBranchThatLeadsLeavesTheOriginOpen() {
        let finding = brain([
            Sample.classified(
                "run", "a", probabilities: ["lung": 0.8, "bc": 0.15, "gic": 0.05], label: "indeterminate")
        ])
        #expect(finding.origin == "indeterminate")
        #expect(finding.probability == nil)
        #expect(finding.agreement == nil)
        #expect(finding.probabilities["lung"] == 0.8)
    }

    @Test func aLeafThatLeadsOverUnsplitMassIsNamed() {
        let finding = brain([
            Sample.classified("run", "a", probabilities: ["non-lung": 0.3, "sclc": 0.6, "nsclc": 0.1], label: "sclc")
        ])
        #expect(finding.origin == "sclc")
        #expect(finding.probability == 0.6)
    }

    @Test func equalProbabilitiesGoToTheSameOriginEveryTime() {
        let even = ["sclc": 0.25, "nsclc": 0.25, "bc": 0.25, "gic": 0.25]
        for _ in 0..<20 {
            let regions = ["a", "b"].map { Sample.classified("run", $0, probabilities: even) }
            #expect(brain(regions).origin == "sclc")
        }
    }

    @Test func thePatientsFindingFollowsTheHierarchyLikeTheRegionsDo() {
        let mean = ["sclc": 0.26, "nsclc": 0.26, "bc": 0.48, "gic": 0]
        let regions = ["a", "b"].map { Sample.classified("run", $0, probabilities: mean, label: "sclc") }
        #expect(brain(regions).origin == "sclc")
        #expect(brain(regions).agreement == 1)
        #expect(brain([Sample.classified("run", "a", probabilities: mean, label: "nsclc")]).origin == "nsclc")
    }

    @Test func noProbabilitiesAtAllAreIndeterminate() {
        let finding = brain([Sample.classified("run", "a", probabilities: [:], label: "indeterminate")])
        #expect(finding.label == "indeterminate")
        #expect(finding.probabilities.isEmpty)
    }

    @Test func onePositiveNodeMakesThePatientPositive() {
        let finding = nodes([("negative", 0.1), ("positive", 0.7), ("negative", 0.2), ("positive", 0.9)])
        #expect(finding.status == "positive")
        #expect(finding.probability == 0.9)
        #expect(finding.agreement == 0.5)
        #expect(finding.rule == "positive if any node is positive")
    }

    @Test func allNodesNegativeMakeThePatientNegative() throws {
        let finding = nodes([("negative", 0.1), ("negative", 0.3)])
        #expect(finding.status == "negative")
        #expect(abs(try #require(finding.probability) - 0.7) < 1e-12)
        #expect(finding.agreement == 1)
    }

    @Test func negativeIsNotSaidWhileANodeIsMissingOrUndecided() {
        #expect(nodes([("negative", 0.1)], expected: 2).status == "indeterminate")
        #expect(nodes([("negative", 0.1), ("indeterminate", 0.5)]).status == "indeterminate")
        #expect(nodes([("positive", 0.8)], expected: 2).status == "positive")
        #expect(nodes([]).status == "indeterminate")
    }
}

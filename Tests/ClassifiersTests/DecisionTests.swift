import Classifiers
import Contracts
import Testing

/// Decision tables.
struct DecisionTests {
    private func outcome(
        _ role: ClassifierRole, _ labels: [String], _ second: Double, threshold: Double = 0.5
    ) throws -> NodeOutcome {
        .evaluated(
            try NodeEvidence(role: role, labels: labels, probabilities: [1 - second, second], threshold: threshold))
    }

    private func outcomes(
        lung: Double, sclc: Double, bc: Double, lungThreshold: Double = 0.5
    ) throws -> [ClassifierRole: NodeOutcome] {
        [
            .lungVersusNonLung: try outcome(
                .lungVersusNonLung, ["non-lung", "lung"], lung, threshold: lungThreshold),
            .sclcVersusNSCLC: try outcome(.sclcVersusNSCLC, ["nsclc", "sclc"], sclc),
            .bcVersusGIC: try outcome(.bcVersusGIC, ["gic", "bc"], bc),
        ]
    }

    @Test(
        arguments: [
            (0.8, 0.7, 0.1, "sclc"), (0.8, 0.3, 0.9, "nsclc"), (0.2, 0.9, 0.6, "bc"), (0.2, 0.9, 0.4, "gic"),
            (0.5, 0.5, 0.0, "sclc"),
        ])
    func labelFollowsThePathOfThresholds(lung: Double, sclc: Double, bc: Double, expected: String) throws {
        let decision = BrainMetastasisDecision.decide(try outcomes(lung: lung, sclc: sclc, bc: bc))
        #expect(decision.label == expected)
        #expect(decision.abstained == nil)
        #expect(decision.decisionPath.count == 2)
        #expect(decision.decisionPath.map(\.label).last == expected)
    }

    @Test func leavesAreProductsAlongTheirPathsAndSumToOne() throws {
        let decision = BrainMetastasisDecision.decide(try outcomes(lung: 0.75, sclc: 0.4, bc: 0.2))
        let expected = ["sclc": 0.3, "nsclc": 0.45, "bc": 0.05, "gic": 0.2]
        #expect(Set(decision.probabilities.keys) == Set(expected.keys))
        for (leaf, probability) in expected { #expect(abs(decision.probabilities[leaf]! - probability) < 1e-12) }
        #expect(decision.decisionPath.map(\.node) == ["lung-vs-non-lung", "sclc-vs-nsclc"])
        #expect(decision.decisionPath.map(\.probability) == [0.75, 0.4])
        #expect(decision.decisionPath.map(\.threshold) == [0.5, 0.5])
    }

    @Test func thresholdOfTheModelDecidesNotOneHalf() throws {
        let decision = BrainMetastasisDecision.decide(
            try outcomes(lung: 0.6, sclc: 0.9, bc: 0.9, lungThreshold: 0.7))
        #expect(decision.label == "bc")
        #expect(decision.decisionPath[0].label == "non-lung")
    }

    @Test func orderOfAModelsLabelsIsItsOwn() throws {
        var all = try outcomes(lung: 0.9, sclc: 0.9, bc: 0.9)
        // The same answers from models whose labels stand the other way round.
        all[.lungVersusNonLung] = try outcome(.lungVersusNonLung, ["Lung", "Non-Lung"], 0.1)
        all[.sclcVersusNSCLC] = try outcome(.sclcVersusNSCLC, ["SCLC", "NSCLC"], 0.1)
        let decision = BrainMetastasisDecision.decide(all)
        #expect(decision.label == "sclc")
        #expect(abs(decision.probabilities["sclc"]! - 0.81) < 1e-12)
    }

    @Test func chosenBranchAloneLeavesTheOthersMassWithItsParent() throws {
        let all = try outcomes(lung: 0.75, sclc: 0.4, bc: 0.2)
        let decision = BrainMetastasisDecision.decide(all, branches: .chosen)
        #expect(Set(decision.probabilities.keys) == ["sclc", "nsclc", "non-lung"])
        #expect(decision.probabilities["non-lung"] == 0.25)
        #expect(abs(decision.probabilities.values.reduce(0, +) - 1) < 1e-12)
        #expect(decision.label == "nsclc")
        let first = try NodeEvidence(
            role: .lungVersusNonLung, labels: ["non-lung", "lung"], probabilities: [0.25, 0.75], threshold: 0.5)
        #expect(BrainMetastasisDecision.nextRoles(after: first, branches: .chosen) == [.sclcVersusNSCLC])
        #expect(
            BrainMetastasisDecision.nextRoles(after: first, branches: .both) == [.sclcVersusNSCLC, .bcVersusGIC])
    }

    @Test func missingBranchOnThePathMakesTheRegionIndeterminateWithItsReason() throws {
        let reason = Abstention(code: .missingSequence, reason: "DWI is missing")
        var all = try outcomes(lung: 0.75, sclc: 0.4, bc: 0.2)
        all[.sclcVersusNSCLC] = .absent(reason)
        let decision = BrainMetastasisDecision.decide(all)
        #expect(decision.label == "indeterminate")
        #expect(decision.abstained == reason)
        #expect(decision.probabilities["lung"] == 0.75)
        #expect(abs(decision.probabilities.values.reduce(0, +) - 1) < 1e-12)
        #expect(decision.decisionPath[1].abstained == reason && decision.decisionPath[1].label == nil)
    }

    @Test func missingBranchBesideThePathDoesNotMatterForTheLabel() throws {
        var all = try outcomes(lung: 0.75, sclc: 0.4, bc: 0.2)
        all[.bcVersusGIC] = nil
        let decision = BrainMetastasisDecision.decide(all)
        #expect(decision.label == "nsclc" && decision.abstained == nil)
        #expect(decision.probabilities["non-lung"] == 0.25)
    }

    @Test func missingFirstNodeLeavesNothingToSay() throws {
        let reason = Abstention(code: .missingSequence, reason: "T1 is missing")
        var all = try outcomes(lung: 0.75, sclc: 0.4, bc: 0.2)
        all[.lungVersusNonLung] = .absent(reason)
        let decision = BrainMetastasisDecision.decide(all)
        #expect(decision.label == "indeterminate" && decision.abstained == reason)
        #expect(decision.probabilities.isEmpty && decision.decisionPath.count == 1)
    }

    @Test func labelsOfAnotherRoleAreNoEvidence() {
        #expect(throws: ClassifierError.self) {
            try NodeEvidence(role: .bcVersusGIC, labels: ["lung", "non-lung"], probabilities: [0, 1], threshold: 0.5)
        }
    }

    @Test func nodeIsPositiveFromItsThresholdOn() throws {
        for (probability, label) in [(0.29, "negative"), (0.3, "positive")] {
            let decision = LymphNodeDecision.decide(
                try outcome(.nodeStatus, ["negative", "positive"], probability, threshold: 0.3))
            #expect(decision.label == label)
            #expect(abs(decision.probabilities.values.reduce(0, +) - 1) < 1e-12)
            #expect(decision.decisionPath[0].threshold == 0.3)
        }
    }
}

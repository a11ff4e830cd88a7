import Classifiers
import Contracts
import Foundation
import Testing

/// When a model's policy says nothing, and what is said of label sets.
struct TrustDecisionTests {
    private func model(
        _ role: ClassifierRole, _ labels: [String], _ policy: TrustDescription.Policy?, quantile: Double? = 0.7,
        limit: Double? = 10, coverage: Double = 0.9
    ) throws -> ModelDescription {
        var description = try tinyModel(labels: labels).description
        description.trust = TrustDescription(
            weightsSHA256: String(repeating: "a", count: 64),
            conformal: quantile.map {
                .init(kind: .marginal, coverage: coverage, quantiles: [labels[0]: $0, labels[1]: $0])
            },
            outOfDistribution: limit.map {
                .init(
                    file: "trust.safetensors", sha256: String(repeating: "b", count: 64), threshold: $0, quantile: 0.99)
            }, policy: policy)
        #expect(description.contradictions.isEmpty)
        return description
    }

    private func outcome(
        _ role: ClassifierRole, _ second: Float, distance: Double? = 5,
        abstain: [ReasonCode]? = [.outOfDistribution, .conformalSetAmbiguous, .lowConfidence], quantile: Double? = 0.7,
        coverage: Double = 0.9
    ) throws -> NodeOutcome {
        let description = try model(
            role, role.orderedLabels, abstain.map { .init(abstain: $0, margin: 0.1) }, quantile: quantile,
            coverage: coverage)
        return .evaluated(
            try NodeEvidence(
                role: role, model: description, probabilities: [1 - second, second], distance: distance))
    }

    /// The label is in the set where 1 − p ≤ 0.7, that is from 0.3 on.
    @Test(
        arguments: [
            (Float(0.9), 5.0, "positive", nil, ["positive"]), (0.1, 5, "negative", nil, ["negative"]),
            (0.9, 10.5, "indeterminate", ReasonCode.outOfDistribution, nil),
            (0.5, 10.5, "indeterminate", .outOfDistribution, nil),
            (0.9, .nan, "indeterminate", .outOfDistribution, nil),
            (0.9, .infinity, "indeterminate", .outOfDistribution, nil),
            (0.65, 5, "indeterminate", .conformalSetAmbiguous, ["negative", "positive"]),
            (0.9, 10, "positive", nil, ["positive"]),
        ] as [(Float, Double, String, ReasonCode?, [String]?)])
    func policyDecidesWhenNothingIsSaid(
        second: Float, distance: Double, label: String, code: ReasonCode?, set: [String]?
    ) throws {
        let decision = LymphNodeDecision.decide(try outcome(.nodeStatus, second, distance: distance))
        #expect(decision.label == label)
        #expect(decision.abstained?.code == code)
        #expect(decision.labelSet?.labels == set)
        let step = try #require(decision.decisionPath.first)
        #expect(step.abstained == decision.abstained)
        #expect(step.label == (code == nil ? label : nil))
        // What the network found is shown in any case; it has no voice where nothing is said.
        #expect(step.probability == Double(second) && step.threshold == 0.5)
        #expect(decision.probabilities.isEmpty == (code != nil))
        #expect(step.outOfDistribution?.isOutside == (code == .outOfDistribution))
        if let set { #expect(decision.labelSet == LabelSet(labels: set, coverage: 0.9)) }
    }

    @Test func withoutAPolicyEverythingIsSaidAndNothingWithheld() throws {
        let decision = LymphNodeDecision.decide(try outcome(.nodeStatus, 0.55, distance: 99, abstain: nil))
        #expect(decision.label == "positive" && decision.abstained == nil)
        #expect(decision.labelSet == nil)
        #expect(decision.decisionPath[0].outOfDistribution == .init(distance: 99, threshold: 10))
    }

    @Test func emptySetsAreAmbiguousAndMarginsAreLowConfidence() throws {
        // From 0.7 on: of 0.6 and 0.4 none is in the set.
        let none = LymphNodeDecision.decide(try outcome(.nodeStatus, 0.6, quantile: 0.3))
        #expect(none.abstained?.code == .conformalSetAmbiguous)
        #expect(none.labelSet?.labels == [])
        #expect(none.abstained?.reason.contains("no label") == true)
        let near = LymphNodeDecision.decide(try outcome(.nodeStatus, 0.55, abstain: [.lowConfidence], quantile: nil))
        #expect(near.abstained?.code == .lowConfidence)
        #expect(near.abstained?.reason.contains("0.05 from the threshold 0.5") == true)
        let sure = LymphNodeDecision.decide(try outcome(.nodeStatus, 0.62, abstain: [.lowConfidence], quantile: nil))
        #expect(sure.label == "positive")
    }

    @Test func aFirstNodeThatAbstainsLeavesTheRegionIndeterminate() throws {
        let decision = BrainMetastasisDecision.decide([
            .lungVersusNonLung: try outcome(.lungVersusNonLung, 0.9, distance: 20),
            .sclcVersusNSCLC: try outcome(.sclcVersusNSCLC, 0.9), .bcVersusGIC: try outcome(.bcVersusGIC, 0.9),
        ])
        #expect(decision.label == "indeterminate")
        #expect(decision.probabilities.isEmpty)
        #expect(decision.abstained?.code == .outOfDistribution)
        #expect(decision.decisionPath.map(\.node) == ["lung-vs-non-lung"])
        #expect(decision.decisionPath[0].probability == Double(Float(0.9)))
        #expect(decision.labelSet == nil)
    }

    @Test func aBranchThatAbstainsLeavesItsMassWithItsParent() throws {
        let outcomes: [ClassifierRole: NodeOutcome] = [
            .lungVersusNonLung: try outcome(.lungVersusNonLung, 0.75),
            .sclcVersusNSCLC: try outcome(.sclcVersusNSCLC, 0.6), .bcVersusGIC: try outcome(.bcVersusGIC, 0.75),
        ]
        let decision = BrainMetastasisDecision.decide(outcomes)
        #expect(decision.label == "indeterminate")
        #expect(decision.abstained?.code == .conformalSetAmbiguous)
        #expect(decision.decisionPath.map(\.label) == ["lung", nil])
        #expect(decision.probabilities["lung"] == 0.75)
        #expect(Set(decision.probabilities.keys) == ["lung", "bc", "gic"])
        #expect(abs(decision.probabilities.values.reduce(0, +) - 1) < 1e-12)
        // The other branch's silence does not hinder the chosen one.
        var other = outcomes
        other[.lungVersusNonLung] = try outcome(.lungVersusNonLung, 0.1)
        let decided = BrainMetastasisDecision.decide(other)
        #expect(decided.label == "bc" && decided.abstained == nil)
        #expect(Set(decided.probabilities.keys) == ["lung", "bc", "gic"])
    }

    @Test func aRegionsSetHasTheLeavesThatEveryNodeKeepsAndTheCoverageThatIsLeft() throws {
        func set(_ lung: Float, _ sclc: Float?, _ bc: Float?) throws -> LabelSet? {
            var outcomes = [ClassifierRole.lungVersusNonLung: try outcome(.lungVersusNonLung, lung, abstain: nil)]
            outcomes[.sclcVersusNSCLC] = try sclc.map {
                try outcome(.sclcVersusNSCLC, $0, abstain: nil, coverage: 0.95)
            }
            outcomes[.bcVersusGIC] = try bc.map { try outcome(.bcVersusGIC, $0, abstain: nil, coverage: 0.8) }
            return BrainMetastasisDecision.decide(outcomes).labelSet
        }
        #expect(try set(0.9, 0.9, 0.1)?.labels == ["sclc"])
        #expect(try set(0.9, 0.6, 0.1)?.labels == ["sclc", "nsclc"])
        #expect(try set(0.6, 0.9, 0.1)?.labels == ["sclc", "gic"])
        let whole = try #require(try set(0.6, 0.9, 0.1))
        #expect(abs(whole.coverage - 0.7) < 1e-12)
        // A branch that says nothing might be either.
        let part = try #require(try set(0.1, 0.9, nil))
        #expect(part.labels == ["bc", "gic"] && abs(part.coverage - 0.85) < 1e-12)
        #expect(try set(0.1, nil, nil) == LabelSet(labels: ["bc", "gic"], coverage: 0.9))
    }

    @Test(
        arguments: [
            (#""coverage": 0.9"#, #""coverage": 1"#, "trust.conformal.coverage"),
            (#""lung": 0.7"#, #""lnug": 0.7"#, "trust.conformal.quantiles: expected one for each"),
            (#""lung": 0.7"#, #""lung": 1.7"#, "trust.conformal.quantiles: expected numbers of 0 to 1"),
            (#""threshold": 10"#, #""threshold": 0"#, "trust.outOfDistribution.threshold"),
            (#""trust.safetensors""#, #""../x.safetensors""#, "trust.outOfDistribution.file"),
            (#""low-confidence""#, #""file-missing""#, "is no reason that a policy can name"),
            (#""margin": 0.1"#, #""margin": 2"#, "trust.policy.margin"),
            (#", "margin": 0.1"#, "", "low-confidence needs trust.policy.margin"),
            ("aaaa", "AAAA", "trust.weightsSHA256"),
        ])
    func contradictionsAreNamed(original: String, damaged: String, named: String) throws {
        let text = """
            {"weightsSHA256": "\(String(repeating: "a", count: 64))",
             "conformal": {"kind": "marginal", "coverage": 0.9, "quantiles": {"lung": 0.7, "non-lung": 0.7}},
             "outOfDistribution": {"file": "trust.safetensors", "sha256": "x", "threshold": 10, "quantile": 0.99},
             "policy": {"abstain": ["out-of-distribution", "low-confidence"], "margin": 0.1}}
            """
        try #require(text.contains(original))
        var description = try tinyModel(labels: ["non-lung", "lung"]).description
        description.trust = try JSONDecoder().decode(TrustDescription.self, from: Data(text.utf8))
        #expect(description.contradictions.isEmpty)
        description.trust = try JSONDecoder().decode(
            TrustDescription.self, from: Data(text.replacing(original, with: damaged, maxReplacements: 1).utf8))
        #expect(description.contradictions.contains { $0.contains(named) }, "\(description.contradictions)")
    }
}

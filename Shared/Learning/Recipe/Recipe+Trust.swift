package import Classifiers
package import Contracts

/// What is fitted on the testing cohort once training has ended, so that the best model goes into service with
/// probabilities that can be taken at their word.
package struct TrustSettings: Sendable, Equatable {
    package var isEnabled: Bool
    package var method: TrustFitter.Method
    /// Of the label sets; nil for none.
    package var coverage: Double?
    package var sets: TrustDescription.Conformal.Kind
    /// Share of the training cohort that lies inside of the distance's threshold; nil for no measure of distance.
    package var inside: Double?
    /// Reasons for which services give no label.
    package var abstain: [ReasonCode]
    /// Of `low-confidence`: how near to the threshold is too near.
    package var margin: Double?

    package static let none = TrustSettings(
        isEnabled: false, method: .none, coverage: nil, sets: .marginal, inside: nil, abstain: [], margin: nil)

    /// The fitter that does it.
    var fitter: TrustFitter {
        var fitter = TrustFitter()
        fitter.method = method
        fitter.coverage = coverage
        fitter.kind = sets
        fitter.insideShare = inside ?? fitter.insideShare
        fitter.policy = .init(abstain: abstain, margin: margin)
        return fitter
    }

    /// One line of YAML, defaults written out; also tells whether a finished run's model was fitted so.
    var line: String {
        var words = ["method: \(method.rawValue)", "coverage: \(coverage.map { "\($0)" } ?? "none")"]
        if coverage != nil { words.append("sets: \(sets.rawValue)") }
        words.append("inside: \(inside.map { "\($0)" } ?? "none")")
        words.append("abstain: [\(abstain.map(\.rawValue).joined(separator: ", "))]")
        if let margin { words.append("margin: \(margin)") }
        return "trust: {\(words.joined(separator: ", "))}"
    }
}

extension Recipe {
    /// The key `trust`; who writes it wants it.
    static func trust(_ section: RecipeSection, isThere: Bool) -> TrustSettings {
        defer { section.close() }
        func share(_ key: String, _ standard: Double) -> Double? {
            section.value(key, standard, expected: "none, or a share between 0 and 1") { node -> Double?? in
                if RecipeSection.text(node) == "none" { return .some(nil) }
                return RecipeSection.number(node).flatMap { $0 > 0 && $0 < 1 ? .some($0) : nil }
            }
        }
        let reasons = ReasonCode.allCases.filter(\.isByPolicy)
        var settings = TrustSettings(
            isEnabled: section.flag("enabled", isThere), method: section.choice("method", .temperature),
            coverage: share("coverage", 0.9), sets: section.choice("sets", .marginal), inside: share("inside", 0.99),
            abstain: section.value(
                "abstain", [], expected: "a list of \(reasons.map(\.rawValue).joined(separator: ", "))"
            ) { node -> [ReasonCode]? in
                guard case .list(let list) = node.value else { return nil }
                let found = list.compactMap { RecipeSection.text($0).flatMap(ReasonCode.init(rawValue:)) }
                return found.count == list.count && found.allSatisfy(\.isByPolicy) ? found : nil
            }, margin: section.optionalNumber("margin", 0...0.999, isPositive: true))
        if settings.coverage == nil { settings.sets = .marginal }
        let needs: [(ReasonCode, Bool, String)] = [
            (.outOfDistribution, settings.inside != nil, "trust.inside"),
            (.conformalSetAmbiguous, settings.coverage != nil, "trust.coverage"),
            (.lowConfidence, settings.margin != nil, "trust.margin, a distance of probabilities such as 0.1"),
        ]
        for (reason, isGiven, key) in needs where settings.abstain.contains(reason) && !isGiven {
            section.complain("trust.abstain: \(reason.rawValue) needs \(key)", at: "abstain")
        }
        return settings.isEnabled ? settings : .none
    }
}

package import Contracts

/// What a model's answers may be trusted in: the member `trust` of `model.json`, fitted on cohorts for certain weights.
package struct TrustDescription: Codable, Sendable, Equatable {
    /// Label sets that hold the truth with a stated frequency (split-conformal, LAC score `1 − p`).
    package struct Conformal: Codable, Sendable, Equatable {
        package enum Kind: String, Codable, Sendable, CaseIterable {
            /// One quantile: the coverage holds over all cases together.
            case marginal
            /// A quantile for each label: the coverage holds for the cases of each label.
            case classConditional = "class-conditional"
        }

        package var kind: Kind
        /// At least this share of cases like those of the fit has its true label in its set.
        package var coverage: Double
        /// By label: the label is in the set where `1 − p` is at most this. 1 where there were too few cases.
        package var quantiles: [String: Double]

        package init(kind: Kind, coverage: Double, quantiles: [String: Double]) {
            self.kind = kind
            self.coverage = coverage
            self.quantiles = quantiles
        }
    }

    /// How far an input's features may lie from those of the training.
    package struct OutOfDistribution: Codable, Sendable, Equatable {
        /// Beside `model.json`: class means and the covariance's factor.
        package var file: String
        /// Of that file, in lower-case hexadecimal.
        package var sha256: String
        /// Mahalanobis distances above it lie outside.
        package var threshold: Double
        /// The share of training cases that the threshold was set to keep inside.
        package var quantile: Double

        package init(file: String, sha256: String, threshold: Double, quantile: Double) {
            self.file = file
            self.sha256 = sha256
            self.threshold = threshold
            self.quantile = quantile
        }
    }

    /// When the services say `indeterminate` instead of a label.
    package struct Policy: Codable, Sendable, Equatable {
        /// Some of `out-of-distribution`, `conformal-set-ambiguous` and `low-confidence`.
        package var abstain: [ReasonCode]
        /// `low-confidence`: probabilities of the second label that are nearer to the threshold than this.
        package var margin: Double?

        package init(abstain: [ReasonCode], margin: Double? = nil) {
            self.abstain = abstain
            self.margin = margin
        }
    }

    /// Of the weights that the figures are for: with others they mean nothing, and the folder is refused.
    package var weightsSHA256: String
    package var conformal: Conformal?
    package var outOfDistribution: OutOfDistribution?
    package var policy: Policy?
    /// What the fit was made of, for people.
    package var figures: JSONValue?

    package init(
        weightsSHA256: String, conformal: Conformal? = nil, outOfDistribution: OutOfDistribution? = nil,
        policy: Policy? = nil, figures: JSONValue? = nil
    ) {
        self.weightsSHA256 = weightsSHA256
        self.conformal = conformal
        self.outOfDistribution = outOfDistribution
        self.policy = policy
        self.figures = figures
    }

    /// Every way in which the description contradicts itself or a model of these labels.
    func contradictions(labels: [String]) -> [String] {
        var problems: [String] = []
        let digits = weightsSHA256.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        if weightsSHA256.utf8.count != 64 || !digits {
            problems.append("trust.weightsSHA256: expected 64 hexadecimal digits in lower case")
        }
        if let conformal {
            if !(conformal.coverage > 0 && conformal.coverage < 1) {
                problems.append(
                    "trust.conformal.coverage: expected a number between 0 and 1, got \(conformal.coverage)")
            }
            if Set(conformal.quantiles.keys) != Set(labels) {
                problems.append("trust.conformal.quantiles: expected one for each of \(labels.joined(separator: ", "))")
            }
            if !conformal.quantiles.values.allSatisfy({ (0...1).contains($0) }) {
                problems.append("trust.conformal.quantiles: expected numbers of 0 to 1")
            }
        }
        if let outside = outOfDistribution {
            if !(outside.threshold > 0 && outside.threshold.isFinite) {
                problems.append(
                    "trust.outOfDistribution.threshold: expected a number above 0, got \(outside.threshold)")
            }
            if !OutOfDistributionDetector.fileNames.contains(outside.file) {
                problems.append(
                    "trust.outOfDistribution.file: expected one of "
                        + OutOfDistributionDetector.fileNames.joined(separator: ", "))
            }
        }
        return problems + policyProblems
    }

    private var policyProblems: [String] {
        guard let policy else { return [] }
        var problems = policy.abstain.filter { !$0.isByPolicy }.map {
            "trust.policy.abstain: \($0.rawValue) is no reason that a policy can name; those are "
                + ReasonCode.allCases.filter(\.isByPolicy).map(\.rawValue).joined(separator: ", ")
        }
        if policy.abstain.contains(.outOfDistribution), outOfDistribution == nil {
            problems.append("trust.policy: out-of-distribution needs trust.outOfDistribution")
        }
        if policy.abstain.contains(.conformalSetAmbiguous), conformal == nil {
            problems.append("trust.policy: conformal-set-ambiguous needs trust.conformal")
        }
        if let margin = policy.margin, !(margin > 0 && margin < 1) {
            problems.append("trust.policy.margin: expected a number between 0 and 1, got \(margin)")
        }
        if policy.abstain.contains(.lowConfidence), policy.margin == nil {
            problems.append("trust.policy: low-confidence needs trust.policy.margin")
        }
        return problems
    }
}

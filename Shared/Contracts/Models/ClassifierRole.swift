/// The questions that networks answer, each a node of a decision.
package enum ClassifierRole: String, Codable, Sendable, CaseIterable {
    case lungVersusNonLung = "lung-vs-non-lung"
    case sclcVersusNSCLC = "sclc-vs-nsclc"
    case bcVersusGIC = "bc-vs-gic"
    case nodeStatus = "node-status"

    /// The labels of the role's two classes in lower case, by which a model folder is recognized.
    package var labels: Set<String> {
        switch self {
        case .lungVersusNonLung: ["lung", "non-lung"]
        case .sclcVersusNSCLC: ["sclc", "nsclc"]
        case .bcVersusGIC: ["bc", "gic"]
        case .nodeStatus: ["positive", "negative"]
        }
    }

    package var task: ClinicalTask { self == .nodeStatus ? .lymphNode : .brainMetastasis }

    /// The role whose labels these are; nil for any other set.
    package init?(labels: [String]) {
        let set = Set(labels.map { $0.lowercased() })
        guard labels.count == 2, let role = Self.allCases.first(where: { $0.labels == set }) else { return nil }
        self = role
    }

    /// What the seeded, untrained network of this role is fed: the best single sequences of the first paper, and all
    /// three for breast or gastrointestinal.
    package var defaultInput: ModelInput {
        let sequences: [MRSequence] =
            switch self {
            case .lungVersusNonLung: [.t1]
            case .sclcVersusNSCLC: [.dwi]
            case .bcVersusGIC: [.t1ce, .t2, .dwi]
            case .nodeStatus: [.t2]
            }
        if self == .nodeStatus {
            return ModelInput(
                sequences: sequences, spacing: [1, 1], size: [299, 299],
                normalization: ModelNormalization(method: "min-max", measured: "all"))
        }
        return ModelInput(
            sequences: sequences, spacing: [1, 1, 1], size: [64, 64, 64],
            normalization: ModelNormalization(method: "z-score", measured: "head"))
    }
}

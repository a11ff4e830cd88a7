package import Contracts

/// What an example is known to be.
package enum Outcome: String, Codable, Sendable, CaseIterable, Comparable {
    case sclc = "SCLC"
    case nsclc = "NSCLC"
    /// Breast cancer.
    case bc = "BC"
    /// Gastrointestinal cancer.
    case gic = "GIC"
    case positive
    case negative

    /// The outcomes of a task, in the order of tables.
    package static func all(of task: ClinicalTask) -> [Outcome] {
        switch task {
        case .brainMetastasis: [.sclc, .nsclc, .bc, .gic]
        case .lymphNode: [.positive, .negative]
        }
    }

    /// The outcome of a task that a word in a table means, whatever its case.
    package init?(_ word: String, of task: ClinicalTask) {
        let word = word.lowercased()
        guard let outcome = Self.all(of: task).first(where: { $0.rawValue.lowercased() == word }) else { return nil }
        self = outcome
    }

    package static func < (left: Outcome, right: Outcome) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension ClassifierRole {
    /// The names of the classes 0 and 1, as `labels` in `model.json`: 1 is the one that the role names first.
    package var classNames: [String] {
        switch self {
        case .lungVersusNonLung: ["non-lung", "lung"]
        case .sclcVersusNSCLC: ["nsclc", "sclc"]
        case .bcVersusGIC: ["gic", "bc"]
        case .nodeStatus: ["negative", "positive"]
        }
    }

    /// The class, 0 or 1, of an outcome; nil where the outcome takes no part in the question.
    package func label(of outcome: Outcome) -> Int? {
        switch (self, outcome) {
        case (.lungVersusNonLung, .sclc), (.lungVersusNonLung, .nsclc): 1
        case (.lungVersusNonLung, .bc), (.lungVersusNonLung, .gic): 0
        case (.sclcVersusNSCLC, .sclc), (.bcVersusGIC, .bc), (.nodeStatus, .positive): 1
        case (.sclcVersusNSCLC, .nsclc), (.bcVersusGIC, .gic), (.nodeStatus, .negative): 0
        default: nil
        }
    }
}

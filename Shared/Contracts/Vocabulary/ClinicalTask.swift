/// The two clinical questions.
package enum ClinicalTask: String, Codable, Sendable, CaseIterable {
    /// Where does a brain metastasis come from?
    case brainMetastasis = "brain-metastasis"
    /// Is a lymph node of a rectal cancer patient metastatic?
    case lymphNode = "lymph-node"

    /// The stage that answers it.
    package var stage: StageName {
        switch self {
        case .brainMetastasis: .brainMetastasis
        case .lymphNode: .lymphNode
        }
    }
}

package import Contracts

/// What is counted once.
package enum EvaluationUnit: String, Sendable, Codable, CaseIterable {
    /// A cut-out of a lymph node.
    case image
    /// A brain metastasis.
    case lesion
    /// A lymph node with all its pictures: the mean of their probabilities.
    case node
    /// A patient: the mean of the metastases' probabilities, or the highest of the nodes'.
    case patient

    /// The units of a task, the one that networks see first.
    package static func all(of task: ClinicalTask) -> [EvaluationUnit] {
        task == .brainMetastasis ? [.lesion, .patient] : [.image, .node, .patient]
    }

    package var plural: String {
        switch self {
        case .image: "images"
        case .lesion: "lesions"
        case .node: "nodes"
        case .patient: "patients"
        }
    }

    /// What the unit of a case is called.
    func key(of item: EvaluationCase) -> String {
        switch self {
        case .image, .lesion: item.id
        case .node: item.group
        case .patient: item.patient
        }
    }
}

package import Contracts
package import Datasets

/// A case as the page shows it: the patch, and where the network looked.
package struct CasePicture: Sendable {
    package enum Kind: String, Sendable {
        case best, worst
    }

    package let system: String
    package let task: ClassifierRole
    package let cohort: Cohort
    package let kind: Kind
    package let id: String
    package let truth: String
    /// Of the class that is true.
    package let probability: Double
    /// Of the heat inside the lesion; nil without an outline.
    package let inside: Double?
    /// A PNG file.
    package let png: [UInt8]

    package init(
        system: String, task: ClassifierRole, cohort: Cohort, kind: Kind, id: String, truth: String,
        probability: Double, inside: Double?, png: [UInt8]
    ) {
        self.system = system
        self.task = task
        self.cohort = cohort
        self.kind = kind
        self.id = id
        self.truth = truth
        self.probability = probability
        self.inside = inside
        self.png = png
    }
}

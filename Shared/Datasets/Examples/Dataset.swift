package import Contracts

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// A cohort on disk that was read and found whole.
package struct Dataset: Sendable {
    /// Brain metastases in BIDS, or lymph nodes as a folder of cut-outs.
    package let kind: ClinicalTask
    /// The folder.
    package let root: URL
    /// In the order of the tables.
    package let examples: [Example]

    package init(kind: ClinicalTask, root: URL, examples: [Example]) {
        self.kind = kind
        self.root = root
        self.examples = examples
    }

    /// The examples that take part in a question, each with its class, 0 or 1.
    package func labelled(for role: ClassifierRole) -> [(example: Example, label: Int)] {
        examples.compactMap { example in role.label(of: example.outcome).map { (example, $0) } }
    }

    /// The examples of one cohort, in the dataset's order.
    package func examples(in cohort: Cohort, of split: Split) -> [Example] {
        examples.filter { split.assignment[$0.id] == cohort }
    }
}

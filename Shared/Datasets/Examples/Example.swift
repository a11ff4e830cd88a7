package import Contracts

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// Where the pixels of an example are.
package enum ExampleSource: Sendable, Hashable {
    /// A lesion: the series of its study, and its value in the study's label map.
    case lesion(series: [MRSequence: URL], mask: URL, label: Int)
    /// A picture of a lymph node, cut out along its margin: a PNG or JPEG.
    case cutout(image: URL, plane: Plane)
}

/// One lesion or one picture, with its outcome.
package struct Example: Sendable, Hashable, Identifiable {
    /// What a reader said of a node, without and with its short axis; nil where the table has no call.
    package struct ReaderCall: Sendable, Hashable {
        /// True: metastatic.
        package var withoutShortAxis: Bool?
        package var withShortAxis: Bool?

        package init(withoutShortAxis: Bool? = nil, withShortAxis: Bool? = nil) {
            self.withoutShortAxis = withoutShortAxis
            self.withShortAxis = withShortAxis
        }
    }

    /// Names it in its dataset: patient and label of a lesion, path of a cut-out.
    package let id: String
    /// A pseudonym.
    package let patient: String
    /// The lesion or the node; a node's pictures share it. Unique in the dataset.
    package let group: String
    package let outcome: Outcome
    package let source: ExampleSource
    /// In mm; nil where the table has none.
    package let shortAxis: Double?
    /// By the readers' names in the table.
    package let readers: [String: ReaderCall]

    /// The id, and the group, of a lesion.
    package static func lesionID(patient: String, label: Int) -> String { "\(patient)_lesion-\(label)" }

    package init(
        id: String, patient: String, group: String, outcome: Outcome, source: ExampleSource, shortAxis: Double? = nil,
        readers: [String: ReaderCall] = [:]
    ) {
        self.id = id
        self.patient = patient
        self.group = group
        self.outcome = outcome
        self.source = source
        self.shortAxis = shortAxis
        self.readers = readers
    }
}

import Contracts
import Datasets

/// The text files of a brain cohort.
struct BrainTables {
    /// By patient.
    let origins: [Outcome]
    let lesions: [[BrainPatient.LesionTruth]]
    let model: LatentModel

    private struct Row {
        let patient: String
        let origin: Outcome
        let lesion: BrainPatient.LesionTruth
    }

    private var rows: [Row] {
        zip(origins, lesions).enumerated().flatMap { index, patient in
            patient.1.map { Row(patient: BrainCohort.name(index + 1), origin: patient.0, lesion: $0) }
        }
    }

    var examples: [TrueExample] {
        rows.map { row in
            TrueExample(
                id: Example.lesionID(patient: row.patient, label: row.lesion.label), outcome: row.origin,
                latents: row.lesion.latents)
        }
    }

    var participants: String {
        let lines = origins.enumerated().map { "\(BrainCohort.name($0.offset + 1))\t\($0.element.rawValue)" }
        return (["participant_id\torigin"] + lines).joined(separator: "\n") + "\n"
    }

    var lesionTable: String {
        let lines = rows.map { "\($0.patient)\t\($0.lesion.label)\t\($0.origin.rawValue)" }
        return (["participant_id\tlabel\torigin"] + lines).joined(separator: "\n") + "\n"
    }

    /// The latents of every lesion, and where it was put.
    var truth: String {
        let names = model.latents.map(\.name)
        let header = (["participant_id", "label", "origin", "x", "y", "z", "radius_mm"] + names).joined(separator: "\t")
        let lines = rows.map { row -> String in
            let center = row.lesion.center
            let numbers = [center.x, center.y, center.z, row.lesion.radius] + row.lesion.latents
            return ([row.patient, String(row.lesion.label), row.origin.rawValue] + numbers.map { "\($0)" })
                .joined(separator: "\t")
        }
        return ([header] + lines).joined(separator: "\n") + "\n"
    }

    static let description = """
        {
          "Name": "OncoRelay brain phantoms",
          "BIDSVersion": "1.10.0",
          "DatasetType": "raw",
          "GeneratedBy": [{ "Name": "oncorelay phantom" }]
        }

        """

    static let derivative = """
        {
          "Name": "Lesions of OncoRelay brain phantoms",
          "BIDSVersion": "1.10.0",
          "DatasetType": "derivative",
          "GeneratedBy": [{ "Name": "oncorelay phantom" }]
        }

        """

    static let readme = """
        Heads that were computed, with lesions whose looks were invented: no patient was scanned, and no clinical truth is
        meant. lesions.tsv gives each lesion's value in the label map (derivatives/lesions) and its origin; truth.tsv the
        numbers that it was made of; truth.json the best AUC that any classifier of single lesions can have. studies/ has the
        message for each patient, to classify or publish with this folder as root.
        \(Disclaimer.text)

        """
}

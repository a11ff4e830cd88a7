import Contracts
import Imaging

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads brain studies in BIDS.
struct BrainDatasetReader {
    static let participants = "participants.tsv"
    static let lesions = "lesions.tsv"

    let folder: DatasetFolder
    let sequences: Set<MRSequence>
    let depth: DatasetReader.Depth

    /// A participant, or one of its sessions.
    struct StudyName {
        let participant: String
        let session: String?

        var folder: String { participant + (session.map { "/" + $0 } ?? "") }
        var name: String { participant + (session.map { "_" + $0 } ?? "") }
    }

    /// A row of `lesions.tsv`.
    struct Row {
        let number: Int
        let study: StudyName
        let label: Int
        let origin: Outcome
    }

    func read() throws(DatasetProblems) -> Dataset {
        var problems: [DatasetProblem] = []
        let known = knownParticipants(&problems)
        var named: [StudyName] = []
        let rows = rows(known, &named, &problems)
        let maps = BrainStudyFiles.maps(in: folder)
        var studies: [String: BrainStudyFiles] = [:]
        for study in named where studies[study.folder] == nil {
            let files = BrainStudyFiles(
                study.participant, session: study.session, in: folder, requiring: sequences, maps: maps)
            problems += files.problems
            studies[study.folder] = files
        }
        problems += imageProblems(studies, Dictionary(grouping: rows, by: \.study.folder))
        let examples = rows.compactMap { example($0, studies[$0.study.folder]) }
        let dataset = Dataset(kind: .brainMetastasis, root: folder.root, examples: examples)
        if examples.count == rows.count { problems += dataset.classProblems(file: Self.lesions) }
        guard problems.isEmpty else { throw DatasetProblems(problems) }
        return dataset
    }

    private func example(_ row: Row, _ files: BrainStudyFiles?) -> Example? {
        guard let files, let mask = files.mask else { return nil }
        let id = Example.lesionID(patient: row.study.name, label: row.label)
        return Example(
            id: id, patient: row.study.participant, group: id, outcome: row.origin,
            source: .lesion(
                series: files.series.mapValues(folder.url), mask: folder.url(mask), label: row.label))
    }

    /// Participants and, where the table has it, their origin; nil where there is no such table to compare with.
    private func knownParticipants(_ problems: inout [DatasetProblem]) -> [String: Outcome?]? {
        guard let bytes = folder.bytes(of: Self.participants, &problems),
            let table = TabTable(bytes, file: Self.participants, required: ["participant_id"], problems: &problems)
        else { return nil }
        var known: [String: Outcome?] = [:]
        for row in table.rows {
            guard let name = participant(row, table, &problems) else { continue }
            var origin: Outcome?
            if let text = table.cell(row, "origin") {
                origin = self.origin(text, row, table, &problems)
            }
            if known.updateValue(origin, forKey: name) != nil {
                problems.append(
                    DatasetProblem(
                        table.file, row: row.number, column: "participant_id", "\(name) stands in another row already"))
            }
        }
        return known
    }

    /// Rows that can be used; `named` takes the studies of the others as well, so that their files are looked at.
    private func rows(
        _ known: [String: Outcome?]?, _ named: inout [StudyName], _ problems: inout [DatasetProblem]
    ) -> [Row] {
        guard let bytes = folder.bytes(of: Self.lesions, &problems),
            let table = TabTable(
                bytes, file: Self.lesions, required: ["participant_id", "label", "origin"], problems: &problems)
        else { return [] }
        var rows: [Row] = []
        var seen: [String: Int] = [:]
        for row in table.rows {
            let participant = participant(row, table, &problems)
            let label = label(row, table, &problems)
            let origin = table.required(row, "origin", &problems).flatMap { self.origin($0, row, table, &problems) }
            let session = session(row, table, &problems)
            guard let participant, let session else { continue }
            let study = StudyName(participant: participant, session: session.name)
            named.append(study)
            guard let label, let origin else { continue }
            let found = Row(number: row.number, study: study, label: label, origin: origin)
            func problem(_ column: String, _ reason: String) {
                problems.append(DatasetProblem(table.file, row: row.number, column: column, reason))
            }
            if let other = seen.updateValue(row.number, forKey: "\(study.folder) \(label)") {
                problem(
                    "label", "lesion \(label) of \(study.folder) stands in row \(other) already; keep one of the rows")
                continue
            }
            if let known {
                if let entry = known[participant] {
                    if let expected = entry, expected != origin {
                        problem(
                            "origin",
                            "\(participant) has \(expected.rawValue) in \(Self.participants) and \(origin.rawValue) here"
                        )
                    }
                } else {
                    problem("participant_id", "\(participant) does not stand in \(Self.participants)")
                }
            }
            rows.append(found)
        }
        return rows
    }

    private func participant(
        _ row: TabTable.Row, _ table: TabTable, _ problems: inout [DatasetProblem]
    ) -> String? {
        guard let name = table.required(row, "participant_id", &problems) else { return nil }
        if BIDSName.isLabel(name, key: "sub") { return name }
        problems.append(
            DatasetProblem(
                table.file, row: row.number, column: "participant_id",
                "expected sub- and letters or digits, found '\(name)'"))
        return nil
    }

    /// Nil for a session that cannot be; its name is nil where the table has none.
    private func session(
        _ row: TabTable.Row, _ table: TabTable, _ problems: inout [DatasetProblem]
    ) -> (name: String?, isGiven: Bool)? {
        guard let name = table.cell(row, "session_id") else { return (nil, false) }
        if BIDSName.isLabel(name, key: "ses") { return (name, true) }
        problems.append(
            DatasetProblem(
                table.file, row: row.number, column: "session_id",
                "expected ses- and letters or digits, found '\(name)'"))
        return nil
    }

    private func label(_ row: TabTable.Row, _ table: TabTable, _ problems: inout [DatasetProblem]) -> Int? {
        guard let text = table.required(row, "label", &problems) else { return nil }
        if let label = Int(text), 1...65_535 ~= label { return label }
        problems.append(
            DatasetProblem(
                table.file, row: row.number, column: "label",
                "expected the lesion's value in the label map, a whole number from 1, found '\(text)'"))
        return nil
    }

    private func origin(
        _ text: String, _ row: TabTable.Row, _ table: TabTable, _ problems: inout [DatasetProblem]
    ) -> Outcome? {
        if let origin = Outcome(text, of: .brainMetastasis) { return origin }
        let names = Outcome.all(of: .brainMetastasis).map(\.rawValue).joined(separator: ", ")
        problems.append(
            DatasetProblem(
                table.file, row: row.number, column: "origin", "expected one of \(names), found '\(text)'"))
        return nil
    }
}

import Contracts
import Imaging

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads a folder of cut-outs.
struct NodeDatasetReader {
    static let table = "nodes.tsv"
    private static let columns = ["image", "patient", "node", "plane", "status"]
    private static let shortAxis = "short_axis_mm"

    let folder: DatasetFolder
    let depth: DatasetReader.Depth

    func read() throws(DatasetProblems) -> Dataset {
        var problems: [DatasetProblem] = []
        var examples: [Example] = []
        var rows: [Int] = []
        // Where each image is named first, in rows that cannot be used as well.
        var images: [String: Int] = [:]
        if let bytes = folder.bytes(of: Self.table, &problems),
            let table = TabTable(bytes, file: Self.table, required: Self.columns, problems: &problems)
        {
            for row in table.rows {
                guard let example = example(row, table, &images, &problems) else { continue }
                examples.append(example)
                rows.append(row.number)
            }
        }
        problems += disagreements(examples, rows)
        problems += imageProblems(images)
        let dataset = Dataset(kind: .lymphNode, root: folder.root, examples: examples)
        problems += dataset.classProblems(file: Self.table)
        guard problems.isEmpty else { throw DatasetProblems(problems) }
        return dataset
    }

    private func example(
        _ row: TabTable.Row, _ table: TabTable, _ images: inout [String: Int], _ problems: inout [DatasetProblem]
    ) -> Example? {
        let before = problems.count
        func problem(_ column: String, _ reason: String) {
            problems.append(DatasetProblem(Self.table, row: row.number, column: column, reason))
        }
        let image = table.required(row, "image", &problems)
        let patient = table.required(row, "patient", &problems)
        let node = table.required(row, "node", &problems)
        let planeText = table.required(row, "plane", &problems)
        let statusText = table.required(row, "status", &problems)
        if let image {
            if let other = images[image] {
                problem("image", "'\(image)' stands in row \(other) already; keep one of the rows")
            } else {
                images[image] = row.number
            }
        }
        let plane = planeText.flatMap { Plane(rawValue: $0.lowercased()) }
        if let planeText, plane == nil { problem("plane", "expected axial, sagittal or coronal, found '\(planeText)'") }
        let status = statusText.flatMap { Outcome($0, of: .lymphNode) }
        if let statusText, status == nil { problem("status", "expected positive or negative, found '\(statusText)'") }
        var shortAxis: Double?
        if let text = table.cell(row, Self.shortAxis) {
            shortAxis = Double(text)
            if !(shortAxis.map { $0 > 0 && $0 <= 200 } ?? false) {
                problem(Self.shortAxis, "expected a number of mm from 0 to 200, or n/a, found '\(text)'")
            }
        }
        let readers = readers(row, table, &problems)
        guard problems.count == before, let image, let patient, let node, let plane, let status else { return nil }
        return Example(
            id: image, patient: patient, group: "\(patient)/\(node)", outcome: status,
            source: .cutout(image: folder.url(image), plane: plane), shortAxis: shortAxis, readers: readers)
    }

    /// The columns `reader…`; those that end in `_sa` hold the calls with the short axis.
    private func readers(
        _ row: TabTable.Row, _ table: TabTable, _ problems: inout [DatasetProblem]
    ) -> [String: Example.ReaderCall] {
        var calls: [String: Example.ReaderCall] = [:]
        for column in table.header where column.hasPrefix("reader") {
            guard let text = table.cell(row, column) else { continue }
            let isSuspicious: Bool
            switch text.lowercased() {
            case "positive", "1": isSuspicious = true
            case "negative", "0": isSuspicious = false
            default:
                problems.append(
                    DatasetProblem(
                        Self.table, row: row.number, column: column,
                        "expected positive, negative, 1, 0 or n/a, found '\(text)'"))
                continue
            }
            if column.hasSuffix("_sa") {
                calls[String(column.dropLast(3)), default: Example.ReaderCall()].withShortAxis = isSuspicious
            } else {
                calls[column, default: Example.ReaderCall()].withoutShortAxis = isSuspicious
            }
        }
        return calls
    }

    /// A node has one status.
    private func disagreements(_ examples: [Example], _ rows: [Int]) -> [DatasetProblem] {
        var first: [String: (row: Int, outcome: Outcome)] = [:]
        var problems: [DatasetProblem] = []
        for (example, row) in zip(examples, rows) {
            guard let known = first[example.group] else {
                first[example.group] = (row, example.outcome)
                continue
            }
            if known.outcome != example.outcome {
                problems.append(
                    DatasetProblem(
                        Self.table, row: row, column: "status",
                        "node \(example.group) is \(example.outcome.rawValue) here and \(known.outcome.rawValue) in row "
                            + "\(known.row); a node has one status"))
            }
        }
        return problems
    }

    private func imageProblems(_ images: [String: Int]) -> [DatasetProblem] {
        let reader = ImageReader()
        return Team.map(images.sorted { $0.value < $1.value }) { image, row -> DatasetProblem? in
            do throws(ImagingError) {
                let node = try folder.open(image)
                guard image.hasSuffix(".png") || image.hasSuffix(".jpg") || image.hasSuffix(".jpeg") else {
                    return DatasetProblem(
                        Self.table, row: row, column: "image", "'\(image)': expected a .png, .jpg or .jpeg")
                }
                if depth == .voxels { _ = try reader.read(node, subject: "image") }
                return nil
            } catch {
                return DatasetProblem(Self.table, row: row, column: "image", "'\(image)': \(error.reason)")
            }
        }.compactMap(\.self)
    }
}

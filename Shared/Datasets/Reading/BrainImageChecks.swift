import Contracts
import Imaging

extension BrainDatasetReader {
    /// What is wrong with the images of all studies, read on all cores.
    func imageProblems(_ studies: [String: BrainStudyFiles], _ rows: [String: [Row]]) -> [DatasetProblem] {
        let work = studies.sorted { $0.key < $1.key }.map { ($0.value, rows[$0.key] ?? []) }
        return Team.map(work) { files, rows in problems(of: files, rows) }.flatMap(\.self)
    }

    private func problems(of files: BrainStudyFiles, _ rows: [Row]) -> [DatasetProblem] {
        var problems: [DatasetProblem] = []
        var series: [Volume] = []
        var isComplete = true
        for (_, path) in files.series.sorted(by: { $0.key < $1.key }) {
            if let volume = volume(path, &problems) { series.append(volume) } else { isComplete = false }
        }
        guard let path = files.mask, let mask = volume(path, &problems) else { return problems }
        do throws(ImagingError) {
            let regions = MaskRegions(limit: Int.max, tolerance: 0.5)
            if isComplete, !series.isEmpty { _ = try regions.series(of: mask, among: series) }
        } catch {
            problems.append(DatasetProblem(path, error.reason))
        }
        problems += labelProblems(mask, path, rows)
        return problems
    }

    /// Nil where the file cannot be read (then told), and where voxels are not asked for.
    private func volume(_ path: String, _ problems: inout [DatasetProblem]) -> Volume? {
        do throws(ImagingError) {
            let node = try folder.open(path)
            guard depth == .voxels else { return nil }
            return try ImageReader().read(node, subject: "image").volume
        } catch {
            problems.append(DatasetProblem(path, error.reason))
            return nil
        }
    }

    private func labelProblems(_ mask: Volume, _ path: String, _ rows: [Row]) -> [DatasetProblem] {
        let present: Set<Int>
        do throws(ImagingError) {
            present = try mask.labels(subject: "mask")
        } catch {
            return [DatasetProblem(path, error.reason)]
        }
        guard !present.isEmpty else {
            return [DatasetProblem(path, "expected a label map with lesions, found no voxel that is not 0")]
        }
        return rows.filter { !present.contains($0.label) }.map { row in
            let found = present.sorted().prefix(16).map(String.init).joined(separator: ", ")
            return DatasetProblem(
                Self.lesions, row: row.number, column: "label", "\(path) has no label \(row.label), found \(found)")
        }
    }
}

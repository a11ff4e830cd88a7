import Contracts

/// The files of one brain study (a participant, or one of its sessions).
struct BrainStudyFiles {
    /// Paths beneath the dataset.
    var series: [MRSequence: String] = [:]
    var mask: String?
    var problems: [DatasetProblem] = []

    /// - Parameters:
    ///   - participant: `sub-…`.
    ///   - session: `ses-…`; nil where the dataset has none.
    ///   - folder: the dataset.
    ///   - sequences: those that must be there.
    ///   - maps: all label maps of the dataset's derivatives.
    init(
        _ participant: String, session: String?, in folder: DatasetFolder, requiring sequences: Set<MRSequence>,
        maps: [String]
    ) {
        let study = participant + (session.map { "/" + $0 } ?? "")
        guard folder.isFolder(study) else {
            problems.append(DatasetProblem(study, "expected the study's folder, found none"))
            return
        }
        var found: [MRSequence: [String]] = [:]
        for place in ["anat", "dwi"] {
            for name in folder.names(in: "\(study)/\(place)") {
                guard let sequence = BIDSName(name)?.sequence, (sequence == .dwi) == (place == "dwi") else { continue }
                found[sequence, default: []].append("\(study)/\(place)/\(name)")
            }
        }
        for sequence in MRSequence.allCases {
            let paths = found[sequence] ?? []
            if paths.count > 1 {
                problems.append(
                    DatasetProblem(
                        study,
                        "expected one \(sequence.rawValue) series, found \(paths.joined(separator: ", ")); keep one"))
            } else if let path = paths.first {
                series[sequence] = path
            } else if sequences.contains(sequence) {
                problems.append(
                    DatasetProblem(
                        study, "the \(sequence.rawValue) series is missing, expected \(BIDSName.ending(of: sequence))"))
            }
        }
        let own = maps.filter { path in
            let parts = path.split(separator: "/")
            return parts.contains(Substring(participant))
                && (session == nil || parts.contains { $0 == session ?? "" })
        }
        if own.count > 1 {
            problems.append(
                DatasetProblem(study, "expected one label map, found \(own.joined(separator: ", ")); keep one"))
        } else if let map = own.first {
            mask = map
        } else {
            problems.append(
                DatasetProblem(
                    study,
                    "the label map is missing, expected derivatives/*/\(study)/*/*_dseg.nii.gz or *lesion*_mask.nii.gz"
                ))
        }
    }

    /// All label maps below `derivatives`, at most six folders deep.
    static func maps(in folder: DatasetFolder) -> [String] {
        var maps: [String] = []
        var level = ["derivatives"]
        for _ in 0..<6 {
            var next: [String] = []
            for path in level {
                for name in folder.names(in: path) {
                    if let parsed = BIDSName(name) {
                        if parsed.isLesionMap { maps.append("\(path)/\(name)") }
                    } else if folder.isFolder("\(path)/\(name)") {
                        next.append("\(path)/\(name)")
                    }
                }
            }
            level = next
        }
        return maps.sorted()
    }
}

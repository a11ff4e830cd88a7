package import Contracts

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A phantom on disk, as a publisher would have it: NIfTI files and the `study.submitted` that names them.
package struct PhantomStudy: Sendable {
    /// How large a phantom is made.
    package enum Size: String, Sendable, CaseIterable {
        /// Anatomy at 2 mm, or a pelvis of 256×256×24.
        case full
        /// A few thousand voxels: for tests and for measuring everything but the images.
        case tiny
    }

    package let task: ClinicalTask
    package let seed: UInt64
    package let size: Size
    /// Lesions or nodes.
    package let regionCount: Int

    package init(task: ClinicalTask, seed: UInt64, size: Size = .full, regionCount: Int = 2) {
        self.task = task
        self.seed = seed
        self.size = size
        self.regionCount = max(1, regionCount)
    }

    /// Writes `<name>/*.nii.gz` and `<name>.json` into a folder; the locations are relative to it.
    ///
    /// - Returns: The message, which is also what the JSON file holds.
    /// - Throws: ``ImagingError``, or the file system's own error.
    package func write(to folder: String, name: String) throws -> StudySubmitted {
        let directory = folder + "/" + name
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let (volumes, mask) = try volumes()
        var series: [SubmittedSeries] = []
        for (sequence, volume) in volumes {
            let file = "\(sequence.rawValue.lowercased()).nii.gz"
            try NIfTIWriter.write(volume, to: directory + "/" + file)
            series.append(
                SubmittedSeries(
                    sequence: sequence, location: "file:\(name)/\(file)", plane: task == .lymphNode ? .axial : nil))
        }
        try NIfTIWriter.write(mask, to: directory + "/mask.nii.gz")
        let study = StudySubmitted(
            studyInstanceUID: "1.2.826.0.1.3680043.10.1561.7.\(task == .brainMetastasis ? 1 : 2).\(seed)", task: task,
            priority: .routine, site: "phantom", accessionNumber: "PHANTOM-\(seed)", series: series,
            regions: SubmittedRegions(
                mask: RegionMask(location: "file:\(name)/mask.nii.gz", labels: Array(1...regionCount))),
            policy: SubmissionPolicy(missingSequences: .reject, deadlineSeconds: 900))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(study).write(to: URL(filePath: folder + "/" + name + ".json"))
        return study
    }

    private func volumes() throws(ImagingError) -> ([(MRSequence, Volume)], Volume) {
        switch task {
        case .brainMetastasis:
            var configuration = BrainPhantom.Configuration(seed: seed)
            configuration.lesions = (0..<regionCount).map { Self.lesions[($0 + Int(seed % 4)) % Self.lesions.count] }
            if size == .tiny {
                configuration.shape = [24, 28, 24]
                configuration.spacing = Point(8, 8, 8)
            }
            let phantom = try BrainPhantom(configuration)
            return (phantom.volumes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, phantom.mask)
        case .lymphNode:
            let nodes = (0..<regionCount).map { ($0 + Int(seed % 2)) % 2 == 0 ? NodeAppearance.negative : .positive }
            var configuration = LymphNodePhantom.Configuration(seed: seed, nodes: nodes)
            if size == .tiny {
                configuration.shape = [64, 64, 12]
                configuration.spacing = Point(2.4, 2.4, 6)
            }
            let phantom = try LymphNodePhantom(configuration)
            return ([(.t2, phantom.volume)], phantom.mask)
        }
    }

    private static let lesions = LesionAppearance.all
}

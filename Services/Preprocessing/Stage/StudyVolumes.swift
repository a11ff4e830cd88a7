import Contracts
import Imaging
import ServiceRuntime
import TensorStore
import Tensors

/// A study's volumes: from the tensor store or, where the store has lost them, from the study's own files.
struct StudyVolumes: Sendable {
    let store: any TensorStore
    let resolver: LocationResolver
    let reader: ImageReader
    let work: BlockingWork

    /// The series' volumes, in order.
    func series(of study: StudyIngested) async throws -> [Volume] {
        try await withThrowingTaskGroup(of: (Int, Volume).self) { group in
            for (index, one) in study.series.enumerated() {
                group.addTask {
                    let subject = "series[\(index)] (\(one.sequence.rawValue))"
                    let volume = try await volume(
                        one.tensor, one.geometry, one.slope, one.intercept, from: one.location,
                        DICOMReader.Choice(seriesInstanceUID: one.seriesInstanceUID, sequence: one.sequence),
                        sha256: one.sha256, subject)
                    return (index, volume)
                }
            }
            let volumes = try await group.reduce(into: [Int: Volume]()) { $0[$1.0] = $1.1 }
            return study.series.indices.compactMap { volumes[$0] }
        }
    }

    func mask(_ mask: IngestedMask) async throws -> Volume {
        try await volume(
            mask.tensor, mask.geometry, mask.slope, mask.intercept, from: mask.location,
            DICOMReader.Choice(), sha256: mask.sha256, "regions.mask")
    }

    private func volume(
        _ reference: TensorReference, _ geometry: VolumeGeometry, _ slope: Double, _ intercept: Double,
        from location: String, _ choice: DICOMReader.Choice, sha256: String, _ subject: String
    ) async throws -> Volume {
        do {
            let tensor = try await store.redeem(reference)
            return try Volume(
                tensor: tensor, geometry: geometry, slope: slope, intercept: intercept, subject: subject)
        } catch  where StoreFailure.isLoss(error) {
            let loaded = try await work.run { [resolver, reader] in
                try reader.read(location, beneath: resolver, choice: choice, subject: subject)
            }
            guard loaded.sha256 == sha256 else {
                throw Failure(
                    .checksumMismatch, .invalid,
                    "\(subject): the file was changed after the study was taken in; submit the study again")
            }
            return loaded.volume
        }
    }
}

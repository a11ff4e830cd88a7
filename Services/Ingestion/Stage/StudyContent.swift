import Contracts
import Digests
import Imaging

/// What a run is about: the files' digests and the regions asked for. Who asks, how urgently and where the files
/// lie does not matter, so the same study submitted again is the same run.
enum StudyContent {
    private struct Form: Encodable {
        struct Series: Encodable {
            let sequence: MRSequence
            let plane: Plane?
            let sha256: String
        }

        let task: ClinicalTask
        let series: [Series]
        let maskSHA256: String?
        let maskLabels: [Int]?
        let boxes: [RegionBox]?
        let contours: [IngestedContour]?
        let seeds: [RegionSeed]?
        let unusableImages: UnusableImagesPolicy?
        let missingSequences: MissingSequencesPolicy
    }

    /// SHA-256 in lower-case hexadecimal.
    static func digest(of study: StudySubmitted, files: StudyFiles) -> String {
        let form = Form(
            task: study.task,
            series: zip(study.series, files.series).map {
                Form.Series(sequence: $0.sequence, plane: $0.plane, sha256: $1.sha256)
            },
            maskSHA256: files.mask?.sha256, maskLabels: study.regions?.mask?.labels, boxes: study.regions?.boxes,
            contours: files.contours, seeds: study.regions?.seeds, unusableImages: study.policy?.unusableImages,
            missingSequences: study.policy?.missingSequences ?? .reject)
        // Encoding values of our own with finite numbers cannot fail.
        let bytes = (try? EventCoding.encode(form)) ?? []
        return Digest.sha256Hex(bytes)
    }
}

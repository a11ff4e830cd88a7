package import Contracts
import Digests
package import Imaging
package import Messaging
package import ServiceRuntime
package import TensorStore
import Tensors

/// Takes a submitted study in: finds its files beneath the roots, checks and loads them, stores their voxels, and
/// tells the others; or rejects it with a reason.
package struct IngestionStage: Stage {
    package static let name = StageName.ingestion

    private let loader: StudyLoader
    private let store: any TensorStore
    private let tensorLifetime: Duration

    package init(
        roots: [String], limits: NIfTILimits = NIfTILimits(), store: any TensorStore, tensorLifetime: Duration,
        work: BlockingWork
    ) {
        loader = StudyLoader(resolver: LocationResolver(roots: roots), reader: ImageReader(limits: limits), work: work)
        self.store = store
        self.tensorLifetime = tensorLifetime
    }

    package func decode(_ delivery: Delivery) throws(Failure) -> StageInput<StudySubmitted> {
        let properties = delivery.properties
        let event = try EventCoding.decodeSubmission(
            delivery.body, messageID: properties.messageID, contentType: properties.contentType)
        return StageInput(event, runID: nil) { $0 }
    }

    package func process(
        _ input: StageInput<StudySubmitted>, in context: StageContext
    ) async throws -> [OutgoingEvent] {
        let start = ContinuousClock.now
        let study = input.payload
        let files = try await loader.load(study)
        let content = StudyContent.digest(of: study, files: files)
        let runID = EventID.run(studyInstanceUID: study.studyInstanceUID, task: study.task, contentSHA256: content)
        let (series, mask) = try await deposit(files, of: study, runID: runID)
        let payload = StudyIngested(
            runID: runID, studyInstanceUID: study.studyInstanceUID, task: study.task, site: study.site,
            accessionNumber: study.accessionNumber, contentSHA256: content, series: series,
            regions: IngestedRegions(
                mask: mask, boxes: study.regions?.boxes, contours: files.contours, seeds: study.regions?.seeds,
                wholeImages: study.regions == nil),
            missingSequences: study.policy?.missingSequences ?? .reject,
            unusableImages: study.policy?.unusableImages,
            deadlineSeconds: study.policy?.deadlineSeconds ?? 900,
            timing: [Self.name.rawValue: (ContinuousClock.now - start).milliseconds])
        return [try context.pipelineEvent(payload, run: runID)]
    }

    /// Stores the voxels of all files at once, as the scanner's own integers.
    private func deposit(
        _ files: StudyFiles, of study: StudySubmitted, runID: String
    ) async throws -> ([IngestedSeries], IngestedMask?) {
        var tensors = files.series.enumerated().map {
            (key: TensorKey.series($0.offset, run: runID), tensor: $0.element.volume.tensor)
        }
        if let mask = files.mask { tensors.append((TensorKey.mask(run: runID), mask.volume.tensor)) }
        let references = try await store.deposit(tensors, lifetime: tensorLifetime)
        var series: [IngestedSeries] = []
        for (index, (loaded, reference)) in zip(files.series, references).enumerated() {
            let submitted = study.series[index]
            series.append(
                IngestedSeries(
                    sequence: submitted.sequence, plane: submitted.plane,
                    seriesInstanceUID: submitted.seriesInstanceUID ?? loaded.seriesInstanceUID,
                    location: submitted.location,
                    sha256: loaded.sha256, geometry: loaded.volume.geometry, slope: loaded.volume.slope,
                    intercept: loaded.volume.intercept, tensor: reference,
                    notes: loaded.notes.isEmpty ? nil : loaded.notes, recognized: loaded.recognized))
        }
        guard let loaded = files.mask, let submitted = study.regions?.mask, let reference = references.last else {
            return (series, nil)
        }
        let mask = IngestedMask(
            location: submitted.location, labels: submitted.labels, sha256: loaded.sha256,
            geometry: loaded.volume.geometry, slope: loaded.volume.slope, intercept: loaded.volume.intercept,
            tensor: reference)
        return (series, mask)
    }

    package func rejection(
        of failure: Failure, input: StageInput<StudySubmitted>?, delivery: Delivery, in context: StageContext
    ) throws -> [OutgoingEvent] {
        // The same body, rejected for the same reason, is the same rejection, however often it is submitted.
        let runID = EventID.ofBody(delivery.body + Array(failure.code.rawValue.utf8))
        let study = input?.payload
        let payload = StudyRejected(
            runID: runID, studyInstanceUID: study?.studyInstanceUID, task: study?.task, site: study?.site,
            accessionNumber: study?.accessionNumber,
            submissionID: input?.eventID ?? delivery.properties.messageID ?? runID, error: failure)
        return [try context.pipelineEvent(payload, run: runID)]
    }
}

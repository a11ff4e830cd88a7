import Classifiers
import Contracts
import Foundation
import Imaging
import NeuralNetwork
import Synchronization
import TensorStore
import Tensors
import Testing

/// A model that knows what it was trained on: studies like that are decided, others end as indeterminate.
struct TrustTests {
    /// Everything that was put into the store, kept.
    private final class Copies: Sendable {
        private let tensors = Mutex<[String: Tensor]>([:])

        func note(_ key: String, _ tensor: Tensor) { tensors.withLock { $0[key] = tensor } }
        func tensor(_ key: String) -> Tensor? { tensors.withLock { $0[key] } }
    }

    private static let role = ClassifierRole.lungVersusNonLung

    @Test func aStudyFarFromTheTrainingEndsIndeterminateWithTheReasonAndOneNearIsDecided() async throws {
        let copies = Copies()
        // What a classifier is about to read.
        let store = WatchfulStore(beforeGet: { key, inner in
            if let tensor = try? await inner.get(key, expiresAt: nil, checksum: nil) { copies.note(key, tensor) }
        })
        try await PipelineHarness.run(store: store) { harness in
            let training = try Self.trainingStudy(harness.folder)
            let before = try await harness.ending(of: training).result()
            #expect(before.regions.count == 24)
            #expect(before.regions.allSatisfy { $0.labelSet == nil && $0.abstained == nil })
            #expect(before.models.allSatisfy { $0.calibration == nil })
            try await Self.calibrate(harness, on: training, copies)

            // The service takes the calibrated folder up by itself.
            var near: StudyResult?
            for number in 0..<200 where near?.models.contains(where: { $0.calibration == "temperature" }) != true {
                if number > 0 { try await Task.sleep(for: .milliseconds(50)) }
                let study = try harness.folder.brainStudy("1.2.3.4.\(number)")
                let ending = try await harness.ending(of: study)
                #expect(ending.event == ResultFinal.event)
                near = try ending.result()
            }
            try Self.expectDecided(try #require(near))

            let study = try Self.stripedStudy(harness.folder, "1.2.3.5")
            let ending = try await harness.ending(of: study)
            #expect(ending.event == ResultFinal.event)
            #expect(ending.routingKey == "result.final.brain-metastasis.indeterminate")
            try Self.expectIndeterminate(try ending.result())

            // A region without a voice does not speak for the patient, and hinders none that has one.
            try EventSchemas.expectValid(harness.journal.events)
            #expect(try await harness.parked().isEmpty)
            try await harness.expectAnEmptyStore()
        }
    }

    private static func expectDecided(_ result: StudyResult) throws {
        let region = try #require(result.regions.first)
        #expect(region.label != "indeterminate" && region.abstained == nil)
        let step = try #require(region.decisionPath.first)
        let distance = try #require(step.outOfDistribution)
        #expect(!distance.isOutside)
        #expect(step.labelSet?.coverage == 0.9)
        #expect(region.labelSet?.coverage == 0.9)
        #expect(result.models.first { $0.role == role.rawValue }?.calibration == "temperature")
        #expect(result.models.first { $0.role == "bc-vs-gic" }?.calibration == nil)
        #expect(region.decisionPath.last?.outOfDistribution == nil)
    }

    private static func expectIndeterminate(_ result: StudyResult) throws {
        #expect(result.status == .final)
        #expect(result.patient.label == "indeterminate" && result.patient.probability == nil)
        let region = try #require(result.regions.first)
        #expect(region.label == "indeterminate")
        #expect(region.probabilities.isEmpty && region.labelSet == nil)
        #expect(region.abstained?.code == .outOfDistribution)
        #expect(region.decisionPath.map(\.node) == [role.rawValue])
        let step = region.decisionPath[0]
        #expect(step.label == nil && step.abstained == region.abstained && step.labelSet == nil)
        #expect(step.probability != nil && step.heatmap != nil)
        let distance = try #require(step.outOfDistribution)
        #expect(distance.distance > distance.threshold)
        #expect(result.errors.isEmpty)
    }

    // MARK: - Cohorts

    /// Many places of the phantom.
    private static func trainingStudy(_ folder: StudyFolder) throws -> StudySubmitted {
        var study = try folder.brainStudy("1.2.3.1")
        study.regions = SubmittedRegions(
            boxes: (0..<24).map { index in
                let corner = [6 + 3 * Double(index % 4), 7 + 3 * Double(index / 4 % 3), 8 + 4 * Double(index / 12)]
                return RegionBox(
                    id: "place-\(index)", frame: .voxel, series: 0, minimum: corner, maximum: corner.map { $0 + 2 })
            })
        return study
    }

    /// The phantom with a T1 that no scanner makes.
    private static func stripedStudy(_ folder: StudyFolder, _ uid: String) throws -> StudySubmitted {
        var study = try folder.brainStudy(uid)
        let volume = try folder.volume("brain/t1.nii.gz")
        var values = volume.tensor.floats()
        for index in values.indices where index / volume.shape[0] % 4 < 2 { values[index] *= 12 }
        let striped = try Volume(
            tensor: try Tensor(shape: volume.tensor.shape, floats: values), affine: volume.affine)
        let index = try #require(study.series.firstIndex { $0.sequence == .t1 })
        study.series[index].location = try folder.write(striped, "brain/striped.nii.gz")
        study.series[index].sha256 = nil
        return study
    }

    /// Fits the first node's model on the patches that the services were given, as training does.
    private static func calibrate(
        _ harness: PipelineHarness, on study: StudySubmitted, _ copies: Copies
    ) async throws {
        let folder = "\(harness.folder.models)/\(role.rawValue)"
        let classifier = try Classifier(model: try ModelFolder.load(path: folder), settings: ComputeSettings())
        var (logits, features): ([[Float]], [[Float]]) = ([], [])
        for event in harness.journal.events(of: study.studyInstanceUID) where event.event == RegionPrepared.event {
            let prepared = try event.payload(RegionPrepared.self)
            let patch = try #require(prepared.patches.first { $0.sequences.contains(.t1) })
            let tensor = try #require(copies.tensor(patch.tensor.key))
            let channel = try #require(patch.sequences.firstIndex(of: .t1))
            let count = tensor.count / tensor.shape[0]
            let floats = Array(tensor.floats()[channel * count..<(channel + 1) * count])
            let seen = try await classifier.observe(
                try Tensor(shape: [1, 1] + tensor.shape.dropFirst(), floats: floats))
            logits += seen.logits
            features += seen.features
        }
        let middle = logits.map { $0[1] - $0[0] }.sorted()[logits.count / 2]
        let labels = logits.enumerated().map { ($1[1] - $1[0] > middle) != ($0 % 6 == 0) ? 1 : 0 }
        var fitter = TrustFitter()
        fitter.policy = .init(abstain: [.outOfDistribution])
        let shifted = logits.map { [$0[0], $0[1] - middle] }
        try fitter.fit(logits: shifted, labels: labels, features: .init(rows: features, labels: labels))
            .write(to: folder)
    }
}

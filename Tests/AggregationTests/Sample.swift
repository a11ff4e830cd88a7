import Contracts
import Foundation
import Logging
import ServiceRuntime

@testable import Aggregation
@testable import Messaging

/// Messages of a study, as the other stages would send them.
enum Sample {
    static let digest = String(repeating: "a", count: 64)

    static func reference(_ key: String, shape: [Int] = [2, 2, 2]) -> TensorReference {
        TensorReference(
            key: key, shape: shape, elementType: "float32", byteCount: 4 * shape.reduce(1, *), checksum: "0",
            expiresAt: 4e9)
    }

    static func geometry() -> VolumeGeometry {
        VolumeGeometry(
            shape: [2, 2, 2], spacing: [1, 1, 1], affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
            orientation: "RAS")
    }

    static func ingested(
        _ run: String, uid: String = "1.2.3", task: ClinicalTask = .brainMetastasis, deadline: Double = 900
    ) -> StudyIngested {
        StudyIngested(
            runID: run, studyInstanceUID: uid, task: task, site: "north", accessionNumber: "A-1",
            contentSHA256: digest,
            series: [
                IngestedSeries(
                    sequence: .t1, plane: .axial, seriesInstanceUID: nil, location: "file:t1.nii.gz", sha256: digest,
                    geometry: geometry(), slope: 1, intercept: 0, tensor: reference("\(run):series:0"))
            ],
            regions: IngestedRegions(
                mask: IngestedMask(
                    location: "file:mask.nii.gz", labels: nil, sha256: digest, geometry: geometry(), slope: 1,
                    intercept: 0, tensor: reference("\(run):mask"))),
            missingSequences: .partial, deadlineSeconds: deadline, timing: ["ingestion": 3])
    }

    static func planned(
        _ run: String, _ regions: [String], task: ClinicalTask = .brainMetastasis, suffix: String = ""
    ) -> StudyPlanned {
        StudyPlanned(
            runID: run, task: task,
            regions: regions.enumerated().map { index, id in
                PlannedRegion(
                    id: id,
                    location: RegionLocation(
                        centroidRAS: [Double(index), 0, 0], volumeMM3: 10, longestDiameterMM: 3, shortAxisMM: 2),
                    tensorKeys: ["\(run):\(id):patch\(suffix)"])
            },
            quality: StudyQuality(series: [SeriesQuality(sequence: .t1, code: .ok, reasons: [], coverage: 1)]),
            timing: ["ingestion": 3, "preprocessing": 5])
    }

    static let origins = ["sclc": 0.6, "nsclc": 0.2, "bc": 0.15, "gic": 0.05]

    static func classified(
        _ run: String, _ region: String, probabilities: [String: Double] = origins, label: String = "sclc",
        abstained: Abstention? = nil, heatmap: Heatmap? = nil, task: ClinicalTask = .brainMetastasis
    ) -> RegionClassified {
        RegionClassified(
            runID: run, task: task, regionID: region,
            decisionPath: [
                NodeDecision(
                    node: task == .lymphNode ? "node-status" : "lung-vs-non-lung",
                    label: abstained == nil ? label : nil,
                    probability: 0.8, threshold: 0.5, abstained: abstained, heatmap: heatmap)
            ],
            probabilities: probabilities, label: label, abstained: abstained,
            models: [
                ModelUsed(
                    role: "lung-vs-non-lung", name: "m", version: "1", weightsSHA256: digest, intendedUse: "research")
            ],
            timing: ["preprocessing": 5, task.rawValue: 7])
    }

    static func parked(_ run: String, _ region: String?, stage: StageName = .brainMetastasis) -> DeliveryParked {
        DeliveryParked(
            runID: run, regionID: region, stage: stage,
            error: Failure(.workerCrashed, .poison, "workers ended with this message in hand"))
    }

    static func lost(_ run: String, _ region: String) -> RegionLost {
        RegionLost(runID: run, regionID: region, error: Failure(.tensorMissing, .transient, "no such tensor"))
    }

    static func rejected(_ run: String, _ code: ReasonCode = .maskEmpty) -> StudyRejected {
        StudyRejected(
            runID: run, studyInstanceUID: "1.2.3", task: .brainMetastasis, site: "north", accessionNumber: nil,
            submissionID: "submission-\(run)",
            error: Failure(code, .invalid, "mask: expected voxels above 0, found none"))
    }

    static func state(_ run: String = "run", deadline: Double = 900) -> RunState {
        RunState.admit(
            Admission(study: ingested(run, deadline: deadline), revision: 1, admittedAt: 1000, priority: .routine)
        ).0
    }

    // MARK: As deliveries

    static func delivery<Payload: EventPayload>(_ payload: Payload, run: String, region: String? = nil) throws
        -> Delivery
    {
        let event = try context().pipelineEvent(payload, run: run, region: region)
        let publication = event.publication
        return Delivery(
            queue: "aggregation.routine", exchange: publication.exchange, routingKey: publication.routingKey,
            isRedelivered: false, body: publication.body, properties: publication.properties, tag: tag)
    }

    private static let tag = DeliveryTag(epoch: 0, number: 0)

    static func context(attempt: Int = 1, causation: String? = "cause") -> StageContext {
        StageContext(
            stage: .aggregation, attempt: attempt, priority: .routine,
            trace: TraceContext(
                traceID: String(repeating: "1", count: 32), spanID: String(repeating: "2", count: 16), flags: "01"),
            causationID: causation, logger: logger)
    }

    static let logger: Logger = {
        Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    }()

    static func received(_ input: AggregationInput) throws -> ReceivedEvent {
        func body(_ payload: some EventPayload) throws -> [UInt8] {
            try context().pipelineEvent(payload, run: input.runID, region: input.regionID).body
        }
        let bytes =
            switch input {
            case .ingested(let payload): try body(payload)
            case .rejected(let payload): try body(payload)
            case .planned(let payload): try body(payload)
            case .classified(let payload): try body(payload)
            case .lost(let payload): try body(payload)
            case .parked(let payload): try body(payload)
            }
        return ReceivedEvent(input, body: bytes)
    }
}

extension Ledger {
    /// Gives the ledger an event as the stage would.
    func submit(_ input: AggregationInput, now: Double = 1000) async throws {
        try await submit(
            LedgerCommand(
                action: .event(try Sample.received(input), notes: [], spent: []), now: now, context: Sample.context()))
    }

    func expire(now: Double) async throws {
        try await submit(LedgerCommand(action: .expire, now: now, context: Sample.context()))
    }

    func settle() async throws {
        try await submit(LedgerCommand(action: .settle, now: 0, context: Sample.context()))
    }

    /// What waits to be published, in order.
    func waiting() async throws -> [OutboxRow] {
        try await refill()
        return outbox.takeAll()
    }

    func waitingEvents() async throws -> [OutgoingEvent] { try await waiting().map(\.event) }
}

extension OutgoingEvent {
    /// `result.final` and the like.
    var word: String { String(type.dropFirst(EventType.prefix.count).dropLast(EventType.version.count)) }

    func data<Payload: EventPayload>(_ type: Payload.Type) throws -> Payload {
        try EventCoding.decodeEvent(type, from: body).data
    }
}

extension StudyResult {
    /// Without what depends on the clock.
    var timeless: StudyResult {
        var copy = self
        copy.issuedAt = ""
        copy.timing["total"] = 0
        return copy
    }
}

extension [RunEffect] {
    /// The documents that are announced.
    var results: [StudyResult] {
        compactMap { if case .announce(.result(let result, _)) = $0 { result } else { nil } }
    }

    var announcements: [RunAnnouncement] {
        compactMap { if case .announce(let announcement) = $0 { announcement } else { nil } }
    }

    var deletedKeys: Set<String> {
        Set(flatMap { effect -> [String] in if case .delete(let keys) = effect { keys } else { [] } })
    }
}

/// A folder for one test, removed with it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("oncorelay-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}

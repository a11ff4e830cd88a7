import Contracts
import Messaging
import ServiceRuntime
import Synchronization

/// A stage of lesions: does what the test tells it, and remembers what it was asked.
final class RecordingStage: Stage, Sendable {
    static let name = StageName.preprocessing

    private let handled = Mutex<[String]>([])
    private let active = Mutex((now: 0, most: 0))
    private let work: @Sendable (StageInput<RegionLost>, Int) async throws -> [OutgoingEvent]

    init(_ work: @escaping @Sendable (StageInput<RegionLost>, Int) async throws -> [OutgoingEvent] = { _, _ in [] }) {
        self.work = work
    }

    /// Region ids in the order in which work began.
    var order: [String] { handled.withLock { $0 } }
    /// Most deliveries that were worked on at once.
    var mostAtOnce: Int { active.withLock { $0.most } }

    func decode(_ delivery: Delivery) throws(Failure) -> StageInput<RegionLost> {
        let event = try EventCoding.decodeEvent(RegionLost.self, from: delivery.body)
        return StageInput(event, runID: event.data.runID, regionID: event.data.regionID) { $0 }
    }

    func process(_ input: StageInput<RegionLost>, in context: StageContext) async throws -> [OutgoingEvent] {
        handled.withLock { $0.append(input.payload.regionID) }
        active.withLock { ($0.now, $0.most) = ($0.now + 1, max($0.most, $0.now + 1)) }
        defer { active.withLock { $0.now -= 1 } }
        return try await work(input, context.attempt)
    }
}

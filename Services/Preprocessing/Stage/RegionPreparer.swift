import Contracts
import Imaging
import ServiceRuntime
import TensorStore
import Tensors

/// A region whose patches lie in the store.
struct PreparedRegion: Sendable {
    let id: String
    let location: RegionLocation
    var patches: [PreparedPatch]
    /// Share of the patch inside each sequence's volume.
    var coverage: [MRSequence: Double]
    /// For lymph nodes: the index of the series that they are cut out of.
    var image: Int?
    /// What was done to each series' volume on the way, by the series' index.
    var notes: [Int: [SeriesNote]] = [:]
}

/// What several networks share: one size, spacing and normalization, and the sequences that any of them wants.
struct SharedInput: Sendable {
    let input: ModelInput
    let sequences: [MRSequence]

    /// The distinct specifications among the models' inputs, each with the wanted sequences that are present.
    static func of(_ inputs: [ClassifierRole: ModelInput], present: Set<MRSequence>) -> [SharedInput] {
        Dictionary(grouping: inputs.values, by: \.specification)
            .sorted { $0.key < $1.key }
            .compactMap { _, group in
                let sequences = Set(group.flatMap(\.sequences)).intersection(present).sorted()
                guard let input = group.first, !sequences.isEmpty else { return nil }
                return SharedInput(input: input, sequences: sequences)
            }
    }
}

/// Samples, normalizes and stores the patches of a study's regions.
struct RegionPreparer: Sendable {
    let store: any TensorStore
    let tensorLifetime: Duration
    let work: BlockingWork

    /// All regions, in the order of the plan; several at once.
    func prepare(
        _ planned: [PlannedWork], of study: StudyIngested, series: [Volume], inputs: [ClassifierRole: ModelInput]
    ) async throws -> [PreparedRegion] {
        let shared = SharedInput.of(inputs, present: Set(study.series.map(\.sequence)))
        var makers: [any PatchMaker] = []
        for one in shared {
            makers.append(
                study.task == .lymphNode
                    ? try await work.run { try CutOutMaker(one, study: study, series: series) }
                    : try await work.run { try VolumePatchMaker(one, study: study, series: series) })
        }
        do {
            return try await withThrowingTaskGroup(of: (Int, PreparedRegion).self) { [makers] group in
                for (index, one) in planned.enumerated() {
                    group.addTask { (index, try await prepare(one, makers, runID: study.runID)) }
                }
                let regions = try await group.reduce(into: [Int: PreparedRegion]()) { $0[$1.0] = $1.1 }
                return planned.indices.compactMap { regions[$0] }
            }
        } catch {
            // Half of a study's patches would only take the room that the other half waits for.
            await store.forget(
                planned.flatMap { one in
                    makers.map { TensorKey.patch($0.specification, region: one.region.id, run: study.runID) }
                })
            throw error
        }
    }

    /// Deletes what was prepared for nothing.
    func forget(_ regions: [PreparedRegion]) async {
        await store.forget(regions.flatMap { $0.patches.map(\.tensor.key) })
    }

    private func prepare(
        _ planned: PlannedWork, _ makers: [any PatchMaker], runID: String
    ) async throws -> PreparedRegion {
        let region = planned.region
        var prepared = PreparedRegion(
            id: region.id, location: region.location, patches: [], coverage: [:], image: planned.image)
        for maker in makers {
            let made = try await work.run { try maker.make(planned) }
            let key = TensorKey.patch(maker.specification, region: region.id, run: runID)
            let reference = try await store.deposit(made.tensor, key: key, lifetime: tensorLifetime)
            prepared.patches.append(
                PreparedPatch(
                    specification: maker.specification, sequences: made.sequences, affine: made.affine.rows,
                    tensor: reference))
            prepared.coverage.merge(made.coverage, uniquingKeysWith: min)
            prepared.notes.merge(maker.notes) { known, new in known + new.filter { !known.contains($0) } }
        }
        return prepared
    }
}

/// What a maker makes of one region.
struct MadePatch: Sendable {
    let tensor: Tensor
    let sequences: [MRSequence]
    let affine: Affine
    let coverage: [MRSequence: Double]
}

/// Makes one kind of patch for any region of a study.
protocol PatchMaker: Sendable {
    var specification: String { get }
    /// What was done to each series' volume, by the series' index.
    var notes: [Int: [SeriesNote]] { get }
    func make(_ planned: PlannedWork) throws -> MadePatch
}

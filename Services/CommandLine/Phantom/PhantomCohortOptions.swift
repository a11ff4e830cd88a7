import ArgumentParser
import Contracts
import Phantoms

/// What `oncorelay phantom --cohort` asks for beyond the seed.
struct PhantomCohortOptions: ParsableArguments {
    @Option(help: "Patients of a brain-metastasis cohort; each has one to five lesions.")
    var patients = 160

    @Option(help: "Nodes of a lymph-node cohort; each has one to three pictures.")
    var nodes = 210

    @Option(
        help: ArgumentHelp(
            "How far apart the outcomes look: 'easy' (d' 3), 'moderate' (2.2), 'hard' (1.4), or a d' from 0 to 20.",
            valueName: "easy|moderate|hard|d'"))
    var difficulty: CohortDifficulty = .moderate

    @Option(help: "Looks of a cohort's nodes: 'mesorectal', or 'suppressed' for learning elsewhere first.")
    var variety: NodeVariety = .mesorectal

    @Option(help: "A cohort's pictures: 'png' or 'jpeg'.")
    var format: NodeCohort.Format = .png

    @Option(help: ArgumentHelp("About so many mm between a cohort's voxels, 1 to 4.", valueName: "mm"))
    var spacing = 1.5

    func validate() throws {
        guard (4...100_000).contains(patients) else {
            throw ValidationError("--patients: expected 4 to 100000, found \(patients)")
        }
        guard (4...1_000_000).contains(nodes) else {
            throw ValidationError("--nodes: expected 4 to 1000000, found \(nodes)")
        }
        guard (1...4).contains(spacing) else { throw ValidationError("--spacing: expected 1 to 4, found \(spacing)") }
    }

    /// Writes the cohort; on an error or an interruption nothing stays.
    func write(_ task: ClinicalTask, seed: UInt64, to output: String) async throws -> CohortTruth {
        let progress = ProgressLine()
        defer { progress.finish() }
        let (patients, nodes) = (patients, nodes)
        switch task {
        case .brainMetastasis:
            let cohort = BrainCohort(patients: patients, seed: seed, difficulty: difficulty, spacing: spacing)
            return try await Interruption.cancels {
                try await cohort.write(to: output) {
                    progress.update("patient \($0) of \(patients)", step: $0, of: patients)
                }
            }
        case .lymphNode:
            let cohort = NodeCohort(
                nodes: nodes, seed: seed, difficulty: difficulty, variety: variety, format: format)
            return try await Interruption.cancels {
                try await cohort.write(to: output) {
                    progress.update("node \($0) of \(nodes)", step: $0, of: nodes)
                }
            }
        }
    }
}

extension CohortDifficulty: ExpressibleByArgument {
    /// `easy`, `moderate`, `hard`, or a number.
    public init?(argument: String) { self.init(argument) }

    /// As help shows the default.
    public var defaultValueDescription: String { self == .moderate ? "moderate" : "\(separation)" }
}

extension NodeVariety: ExpressibleByArgument {}
extension NodeCohort.Format: ExpressibleByArgument {}

import ArgumentParser
import Contracts
import Imaging

/// `oncorelay phantom OUT`
struct PhantomCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phantom",
        abstract: "Make phantoms from a seed: studies to send, or whole cohorts to learn from.",
        discussion: """
            Writes OUT/study-1.json and OUT/study-1/*.nii.gz, and so on; the locations are relative to OUT, which is \
            the root to serve them from. The same seed makes the same study on every machine. A brain study has five \
            sequences and a mask with its lesions, a lymph-node study one T2 series and a mask with its nodes. Their \
            appearance is invented: no clinical truth is meant.

            With --cohort OUT becomes a dataset: brain studies in BIDS with participants.tsv and lesions.tsv, or cut-outs \
            of lymph nodes with nodes.tsv and the calls of simulated readers. Appearance is drawn from numbers whose means \
            differ by outcome, so the best AUC that any classifier of single lesions or pictures can have is known: it is \
            printed for each task and choice of sequences, and written to truth.json; truth.tsv has the numbers. \
            OUT appears as a whole at the end, or not at all.

            Prints {"studies"} with the paths, or truth.json. Exit codes: 0 written, 64 wrong use, 65 the phantom cannot \
            be made or written, 130 interrupted.
            """)

    @Argument(help: ArgumentHelp("The folder to write to; it is made.", valueName: "out"), completion: .directory)
    var output: String

    @Option(help: "'brain-metastasis' or 'lymph-node'.")
    var task: ClinicalTask = .brainMetastasis

    @Option(help: "How many studies; each has the next seed.")
    var count = 1

    @Option(help: "The first study's, or the cohort's, seed.")
    var seed: UInt64 = 1

    @Option(help: "Make a cohort: 'brain-metastasis' or 'lymph-node'.")
    var cohort: ClinicalTask?

    @OptionGroup(title: "Cohorts")
    var options: PhantomCohortOptions

    @Option(help: "Lesions or nodes of each study.")
    var regions = 2

    @Option(help: "'full', or 'tiny': a few thousand voxels, for tests.")
    var size: PhantomStudy.Size = .full

    func validate() throws {
        guard cohort == nil || count == 1 else {
            throw ValidationError("--count goes with --task; a cohort takes --patients or --nodes")
        }
        guard (1...10_000).contains(count) else {
            throw ValidationError("--count: expected 1 to 10000, found \(count)")
        }
        guard (1...16).contains(regions) else { throw ValidationError("--regions: expected 1 to 16, found \(regions)") }
    }

    func run() async throws {
        if let cohort {
            let truth = try await options.write(cohort, seed: seed, to: output)
            // For people last, where a terminal shows it.
            try Console.standard.json(truth)
            for line in AttainableTable.lines(truth, terminal: .standardError) { Console.standard.note(line) }
            return
        }
        let progress = ProgressLine()
        var paths: [String] = []
        for number in 1...count {
            progress.update("study \(number) of \(count)")
            let phantom = PhantomStudy(
                task: task, seed: seed &+ UInt64(number - 1), size: size, regionCount: regions)
            _ = try phantom.write(to: output, name: "study-\(number)")
            paths.append("\(output)/study-\(number).json")
        }
        progress.finish()
        try Console.standard.json(["studies": paths])
    }
}

extension ClinicalTask: ExpressibleByArgument {}
extension PhantomStudy.Size: ExpressibleByArgument {}

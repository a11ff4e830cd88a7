import ArgumentParser
import Contracts
import Imaging

/// `oncorelay phantom OUT`
struct PhantomCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phantom",
        abstract: "Make studies of phantoms from a seed: NIfTI files and the study.submitted that names them.",
        discussion: """
            Writes OUT/study-1.json and OUT/study-1/*.nii.gz, and so on; the locations are relative to OUT, which is \
            the root to serve them from. The same seed makes the same study on every machine. A brain study has five \
            sequences and a mask with its lesions, a lymph-node study one T2 series and a mask with its nodes. Their \
            appearance is invented: no clinical truth is meant.

            Prints {"studies"} with the paths. Exit codes: 0 written, 64 wrong use, 65 the phantom cannot be made.
            """)

    @Argument(help: ArgumentHelp("The folder to write to; it is made.", valueName: "out"), completion: .directory)
    var output: String

    @Option(help: "'brain-metastasis' or 'lymph-node'.")
    var task: ClinicalTask = .brainMetastasis

    @Option(help: "How many studies; each has the next seed.")
    var count = 1

    @Option(help: "The first study's seed.")
    var seed: UInt64 = 1

    @Option(help: "Lesions or nodes of each study.")
    var regions = 2

    @Option(help: "'full', or 'tiny': a few thousand voxels, for tests.")
    var size: PhantomStudy.Size = .full

    func validate() throws {
        guard (1...10_000).contains(count) else {
            throw ValidationError("--count: expected 1 to 10000, found \(count)")
        }
        guard (1...16).contains(regions) else { throw ValidationError("--regions: expected 1 to 16, found \(regions)") }
    }

    func run() async throws {
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

import ArgumentParser
import Contracts
import Datasets

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `oncorelay dataset check DIR`
struct DatasetCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Read a dataset with all its images, and tell what is wrong, by file and row.")

    @Argument(help: ArgumentHelp("The dataset's folder.", valueName: "dir"), completion: .directory)
    var folder: String

    @OptionGroup var reading: DatasetOptions

    /// What standard output says.
    private struct Found: Encodable {
        var kind: ClinicalTask
        var patients: Int
        var groups: Int
        var examples: Int
        var outcomes: [String: Int]
    }

    func run() throws {
        let dataset = try reading.read(folder)
        try Console.standard.json(
            Found(
                kind: dataset.kind, patients: Set(dataset.examples.map(\.patient)).count,
                groups: Set(dataset.examples.map(\.group)).count, examples: dataset.examples.count,
                outcomes: Dictionary(grouping: dataset.examples, by: \.outcome.rawValue).mapValues(\.count)))
    }
}

/// How a dataset is read.
struct DatasetOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Sequences that each brain study must have.", valueName: "T1,T2,…"))
    var sequences = MRSequence.allCases.map(\.rawValue).joined(separator: ",")

    @Flag(help: "Look at tables and file names only, not into the images.")
    var tablesOnly = false

    func validate() throws { _ = try needed() }

    private func needed() throws -> Set<MRSequence> {
        Set(
            try sequences.split(separator: ",").map { word in
                guard let sequence = MRSequence(rawValue: String(word)) else {
                    let names = MRSequence.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ValidationError("--sequences: expected some of \(names), found '\(word)'")
                }
                return sequence
            })
    }

    func read(_ folder: String) throws -> Dataset {
        let reader = DatasetReader(sequences: try needed(), depth: tablesOnly ? .tables : .voxels)
        return try reader.read(URL(filePath: folder))
    }
}

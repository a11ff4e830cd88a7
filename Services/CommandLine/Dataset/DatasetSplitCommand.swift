import ArgumentParser
import Datasets

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `oncorelay dataset split DIR`
struct DatasetSplitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "split", abstract: "Divide a dataset into training, testing and independent cohorts.",
        discussion: """
            Stratified by outcome and seeded. By patient, all of a patient is in one cohort; by group (a lesion or a node) \
            or by image, as the papers did, a patient may be in several, and what is learned of them in one is known in \
            the other. Tells on standard error how many patients each pair of cohorts has in common.
            """)

    @Argument(help: ArgumentHelp("The dataset's folder.", valueName: "dir"), completion: .directory)
    var folder: String

    @Option(help: ArgumentHelp("The file to write; default: split.json in the dataset's folder.", valueName: "file"))
    var out: String?

    @Option(help: "What stays whole: 'patient', 'group' or 'image'.")
    var unit: SplitUnit = .patient

    @Option(help: "Another seed, another split.")
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Shares of training, testing and independent.", valueName: "a,b,c"))
    var fractions = "0.6,0.2,0.2"

    @Flag(help: "Read the split that is there, and hold it against the dataset, instead of making one.")
    var check = false

    @OptionGroup var reading: DatasetOptions

    /// What standard output says.
    private struct Made: Encodable {
        var split: String
        var unit: SplitUnit
        var seed: UInt64
        /// Examples of each cohort.
        var cohorts: [String: Int]
        /// Patients that each pair of cohorts has in common.
        var patientsInCommon: [String: Int]
    }

    func validate() throws { _ = try shares() }

    private func shares() throws -> [Cohort: Double] {
        let numbers = fractions.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
        guard numbers.count == 3, numbers.allSatisfy({ $0?.isFinite == true }) else {
            throw ValidationError("--fractions: expected three numbers such as 0.6,0.2,0.2, found '\(fractions)'")
        }
        return Dictionary(uniqueKeysWithValues: zip(Cohort.allCases, numbers.compactMap(\.self)))
    }

    func run() throws {
        let dataset = try reading.read(folder)
        let file = URL(filePath: out ?? folder + "/split.json")
        let split: Split
        if check {
            split = try Split(from: file, for: dataset)
        } else {
            split = try Splitter(unit: unit, seed: seed, fractions: try shares()).split(dataset)
            try split.write(to: file)
        }
        Console.standard.note(split.summary(of: dataset))
        let overlaps = split.overlaps(in: dataset)
        try Console.standard.json(
            Made(
                split: file.path, unit: split.unit, seed: split.seed,
                cohorts: Dictionary(grouping: split.assignment.values, by: \.rawValue).mapValues(\.count),
                patientsInCommon: Dictionary(
                    uniqueKeysWithValues: overlaps.map {
                        ("\($0.first.rawValue)-\($0.second.rawValue)", $0.patients.count)
                    })))
    }
}

extension SplitUnit: ExpressibleByArgument {}

import ArgumentParser
import Statistics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `oncorelay statistics SCORES.csv`, `oncorelay statistics --kappa CALLS.csv`
struct StatisticsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "statistics",
        abstract: "ROC, AUC, cuts and comparisons from a table of scores; agreement from a table of calls.",
        discussion: """
            SCORES.csv has a header line and the columns 'label' (0 or 1) and 'score' (a higher one speaks for 1), and \
            may have 'score2' (another score of the same cases, compared by DeLong's test) and 'patient' (then the area \
            also has an interval from resampled patients). Commas or tabs.

            Printed as JSON: auc {value, variance, lower, upper} by DeLong, auc2, delong {difference, z, p}, youden (every \
            tied cut), atThreshold (counts, shares and their intervals), roc, averagePrecision, bootstrap, calibration \
            (where all scores lie between 0 and 1) and mcnemar (exact, of the two scores at their own cuts). A share of \
            nothing is null, and the cut at which nobody is positive is "inf".

            With --kappa, the table has the columns 'rater1' and 'rater2': kappa, standardError, standardErrorNull, lower, \
            upper, z and p.

            Exit codes: 0 done, 64 wrong use, 65 the table cannot be used (the message names line and column), 66 it \
            cannot be read.
            """)

    @Argument(help: ArgumentHelp("The table; '-' for standard input.", valueName: "table"), completion: .file())
    var table: String

    @Flag(help: "The table holds two raters' calls: Cohen's kappa.")
    var kappa = false

    @Option(help: "Weights of kappa's disagreements: none, linear or quadratic.")
    var weights: KappaWeights = .none

    @Option(help: "Call a case positive from this score on (default: the first of Youden's cuts).")
    var threshold: Double?

    @Option(help: "Level of all intervals.")
    var level = 0.95

    @Option(help: "Resamples of the patients; 0 for none.")
    var resamples = 2000

    @Option(help: "Seed of the resampling.")
    var seed: UInt64 = 1

    /// The parser's spelling of `CohenKappa.Weighting`.
    enum KappaWeights: String, ExpressibleByArgument, CaseIterable {
        case none, linear, quadratic
    }

    func validate() throws {
        guard level > 0, level < 1 else { throw ValidationError("--level: expected a number between 0 and 1") }
        guard resamples >= 0 else { throw ValidationError("--resamples: expected 0 or more") }
        if let threshold, !threshold.isFinite { throw ValidationError("--threshold: expected a finite number") }
    }

    func run() throws {
        do {
            let table = try DelimitedTable(try Self.text(of: table))
            if kappa {
                try Console.standard.json(try agreement(table))
            } else {
                try Console.standard.json(
                    try ScoreReport(
                        table, threshold: threshold, level: level, resamples: resamples, seed: seed))
            }
        } catch let problem as TableProblem {
            throw CommandFailure("\(table): \(problem)", .dataError)
        } catch let error as StatisticsError {
            throw CommandFailure("\(table): \(error)", .dataError)
        }
    }

    private func agreement(_ table: DelimitedTable) throws -> KappaReport {
        let (first, second) = (try table.texts("rater1"), try table.texts("rater2"))
        // Numbers are categories in their order: 2 comes before 10, as weights need it.
        let names = Set(first + second).sorted { one, other in
            if let a = Double(one), let b = Double(other) { return a < b }
            return one < other
        }
        let weighting = CohenKappa.Weighting(rawValue: weights.rawValue) ?? .none
        return KappaReport(try CohenKappa(first, second, categories: names, weighting: weighting, level: level))
    }

    private static func text(of path: String) throws -> String {
        let data: [UInt8]
        do {
            data = path == "-" ? standardInput() : Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw CommandFailure("\(path) cannot be read; expected a table with a header line", .noInput)
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw CommandFailure("\(path): expected UTF-8 text, found bytes that are not", .dataError)
        }
        return text
    }

    private static func standardInput() -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
    }
}

/// What is said of two raters.
private struct KappaReport: Encodable {
    let kappa, standardError, standardErrorNull, lower, upper, z, p: Double

    init(_ value: CohenKappa) {
        kappa = value.value
        standardError = value.standardError
        standardErrorNull = value.standardErrorNull
        lower = value.lower
        upper = value.upper
        z = value.z
        p = value.p
    }
}

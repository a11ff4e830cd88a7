import Classifiers
import Contracts
import Datasets
import Evaluation
import NeuralNetwork
import Statistics
import Tensors

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

/// The cases that a model is calibrated on: `oncorelay model calibrate --scores`.
struct CalibrationScores {
    let logits: [[Float]]
    let labels: [Int]
    let features: TrustFitter.TrainingFeatures?

    /// Reads a table, or a safetensors file by its name's end.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - words: the model's labels, in their order.
    /// - Returns: the cases.
    /// - Throws: ``CommandFailure``, `SafetensorsError`.
    static func read(path: String, labels words: [String]) throws -> CalibrationScores {
        path.hasSuffix(".safetensors") ? try tensors(path) : try table(path, words)
    }

    private init(logits: [[Float]], labels: [Int], features: TrustFitter.TrainingFeatures? = nil) {
        self.logits = logits
        self.labels = labels
        self.features = features
    }

    // MARK: - A cohort

    /// What a model itself says of a cohort.
    ///
    /// - Throws: ``CommandFailure``, `ClassifierError`.
    static func observe(
        _ folder: String, data: String, split: String, settings: ComputeSettings
    ) async throws -> CalibrationScores {
        let model = try ModelFolder.load(path: folder, ignoresTrust: true)
        let progress = ProgressLine()
        defer { progress.finish() }
        do {
            let dataset = try DatasetReader(sequences: Set(model.description.input.sequences), depth: .tables)
                .read(URL(filePath: data))
            let cohort = TrustCohort(
                dataset: dataset, split: try Split(from: URL(filePath: split), for: dataset), settings: settings)
            let found = try await cohort.material(of: model, cohort: .testing, wantsDistance: true) {
                progress.update("\($0) of \($1) examples", step: $0, of: $1)
            }
            return CalibrationScores(logits: found.logits, labels: found.labels, features: found.features)
        } catch let problems as EvaluationProblems {
            throw CommandFailure("\(problems)", .dataError)
        }
    }

    // MARK: - Tensors

    private static func tensors(_ path: String) throws -> CalibrationScores {
        let file = try SafetensorsFile.map(path: path)
        func tensor(_ name: String) throws -> (shape: [Int], values: [Double]) {
            guard file.names.contains(name) else {
                throw CommandFailure(
                    "'\(path)' holds no tensor '\(name)'; it holds \(file.names.joined(separator: ", "))", .dataError)
            }
            return try file.numbers(name)
        }
        func rows(_ name: String) throws -> [[Float]] {
            let (shape, values) = try tensor(name)
            guard (1...2).contains(shape.count), !values.isEmpty else {
                throw CommandFailure("'\(path)': \(name): expected [cases, numbers], found \(shape)", .dataError)
            }
            let width = shape.count == 1 ? 1 : shape[1]
            return (0..<shape[0]).map { values[$0 * width..<($0 + 1) * width].map { Float($0) } }
        }
        func whole(_ name: String) throws -> [Int] {
            try tensor(name).values.enumerated().map { index, value in
                guard let number = Int(exactly: value) else {
                    throw CommandFailure(
                        "'\(path)': \(name): expected whole numbers, found \(value) for case \(index + 1)", .dataError)
                }
                return number
            }
        }
        var features: TrustFitter.TrainingFeatures?
        if file.names.contains("features") {
            let groups = file.names.contains("feature_groups") ? try whole("feature_groups").map(String.init) : nil
            features = .init(rows: try rows("features"), labels: try whole("feature_labels"), groups: groups)
        }
        return CalibrationScores(logits: try rows("logits"), labels: try whole("labels"), features: features)
    }

    // MARK: - A table

    private static func table(_ path: String, _ words: [String]) throws -> CalibrationScores {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw CommandFailure("\(path) cannot be read; expected a table with a header line", .noInput)
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw CommandFailure("\(path): expected UTF-8 text, found bytes that are not", .dataError)
        }
        do {
            var table = try DelimitedTable(text)
            if table.index(of: "task") != nil { table = try rows(table, of: words, path) }
            return CalibrationScores(logits: try logits(table, words), labels: try labels(table, words))
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("\(path): \(error)", .dataError)
        }
    }

    /// Of a table as 'evaluate' writes it, the rows of the model's question; its scores are those of class 1.
    private static func rows(
        _ table: DelimitedTable, of words: [String], _ path: String
    ) throws -> DelimitedTable {
        guard let role = ClassifierRole(labels: words), words.map({ $0.lowercased() }) == role.classNames else {
            throw CommandFailure(
                "\(path): scores of 'oncorelay evaluate' can calibrate a model whose labels are those of a known question "
                    + "in their order, not \(words.joined(separator: ", ")); give 'label' and 'logit'", .dataError)
        }
        let own = try table.rows(of: role.rawValue, in: "task")
        guard !own.rows.isEmpty else {
            throw CommandFailure("\(path) has no rows of the task \(role.rawValue)", .dataError)
        }
        let systems = Set(try (table.index(of: "system") == nil ? [] : own.texts("system")))
        guard systems.count < 2 else {
            throw CommandFailure(
                "\(path) has scores of \(systems.sorted().joined(separator: ", ")); keep the rows of the network that is "
                    + "to be calibrated", .dataError)
        }
        // Cases of the other branch have no label for this question.
        let labels = try own.texts("label")
        return labels.contains("") ? own.withoutRows { labels[$0].isEmpty } : own
    }

    /// One number or one for each label; a `score` is the second label's uncalibrated probability.
    private static func logits(_ table: DelimitedTable, _ words: [String]) throws(TableProblem) -> [[Float]] {
        if table.index(of: "logit") == nil, table.index(of: "score") != nil {
            var logits: [[Float]] = []
            // A calibrated model's scores are what they are because of its calibration.
            let uncalibrated = table.index(of: "uncalibrated") == nil ? [] : try table.texts("uncalibrated")
            let hasUncalibrated = uncalibrated.contains { !$0.isEmpty }
            let column = hasUncalibrated ? "uncalibrated" : "score"
            for (score, row) in zip(try table.numbers(column), table.rows) {
                guard score > 0, score < 1 else {
                    throw TableProblem(
                        line: row.line, column: column,
                        reason: "expected a probability above 0 and below 1; where they reach these, give 'logit'")
                }
                logits.append([Float(log(score / (1 - score)))])
            }
            return logits
        }
        let isOneEach = table.index(of: "logit") == nil && table.index(of: "logit0") != nil
        var columns: [[Double]] = []
        for name in isOneEach ? words.indices.map({ "logit\($0)" }) : ["logit"] {
            columns.append(try table.numbers(name))
        }
        return table.rows.indices.map { row in columns.map { Float($0[row]) } }
    }

    /// Labels by their words or positions.
    private static func labels(_ table: DelimitedTable, _ words: [String]) throws(TableProblem) -> [Int] {
        let known = words.map { $0.lowercased() }
        var labels: [Int] = []
        for (text, row) in zip(try table.texts("label"), table.rows) {
            let position = Double(text).flatMap { Int(exactly: $0) }
            guard let label = known.firstIndex(of: text.lowercased()) ?? position, known.indices.contains(label) else {
                throw TableProblem(
                    line: row.line, column: "label",
                    reason: "expected \(words.joined(separator: ", ")) or 0 to \(words.count - 1)")
            }
            labels.append(label)
        }
        return labels
    }
}

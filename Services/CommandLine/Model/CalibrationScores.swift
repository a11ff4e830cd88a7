import Classifiers
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
            let table = try DelimitedTable(text)
            return CalibrationScores(logits: try logits(table, words), labels: try labels(table, words))
        } catch {
            throw CommandFailure("\(path): \(error)", .dataError)
        }
    }

    /// One number or one for each label; a `score` is the second label's uncalibrated probability.
    private static func logits(_ table: DelimitedTable, _ words: [String]) throws(TableProblem) -> [[Float]] {
        if table.index(of: "logit") == nil, table.index(of: "score") != nil {
            var logits: [[Float]] = []
            for (score, row) in zip(try table.numbers("score"), table.rows) {
                guard score > 0, score < 1 else {
                    throw TableProblem(
                        line: row.line, column: "score",
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

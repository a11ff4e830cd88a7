internal import Datasets

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// From a configuration to figures and files.
package struct EvaluationRun: Sendable {
    package let configuration: EvaluationConfiguration

    package init(_ configuration: EvaluationConfiguration) { self.configuration = configuration }

    /// Reads a configuration file.
    ///
    /// - Throws: ``EvaluationProblems``.
    package static func read(_ path: String) throws(EvaluationProblems) -> EvaluationRun {
        EvaluationRun(try EvaluationConfiguration.read(try text(path, "a configuration in YAML"), path: path))
    }

    /// A file's text.
    static func text(_ path: String, _ expected: String) throws(EvaluationProblems) -> String {
        let data: Data
        do { data = try Data(contentsOf: URL(filePath: path)) } catch {
            throw EvaluationProblems(["\(path) cannot be read; expected \(expected)"])
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw EvaluationProblems(["\(path): expected UTF-8 text, found bytes that are not"])
        }
        return text
    }

    /// Scores, calls and histories that lie in tables.
    ///
    /// - Parameter scored: what networks say, where the configuration names networks.
    /// - Returns: the material and the trainings' histories.
    /// - Throws: ``EvaluationProblems`` of all files together.
    package func tables(
        scored: EvaluationMaterial? = nil
    ) throws(EvaluationProblems) -> (material: EvaluationMaterial, histories: [TrainingHistory]) {
        var problems: [String] = []
        func attempt<Value>(_ body: () throws(EvaluationProblems) -> Value) -> Value? {
            do { return try body() } catch {
                problems += error.problems
                return nil
            }
        }
        var material = scored
        if let path = configuration.scores {
            material = attempt { () throws(EvaluationProblems) in
                try ScoreTable.read(
                    try Self.text(path, "a table of scores"), task: configuration.task, path: path)
            }
        }
        if let path = configuration.calls, let cases = material {
            let readings = attempt { () throws(EvaluationProblems) in
                try CallTable.read(try Self.text(path, "a table of calls"), of: cases, path: path)
            }
            material?.readings += readings ?? []
        }
        if configuration.scores != nil, let path = configuration.split, let cases = material {
            material?.splitUnit = attempt { () throws(EvaluationProblems) in
                try Self.split(path, holds: cases.cases)
            }
        }
        let paths =
            configuration.histories.map { (name: configuration.settings.title ?? "Training", path: $0) }
            + configuration.models.flatMap { model in model.histories.map { (name: model.name, path: $0) } }
        let histories = paths.compactMap { entry in
            attempt { () throws(EvaluationProblems) in
                let text = try Self.text(entry.path, "a training's history")
                do { return try TrainingHistory(name: entry.name, text: text) } catch {
                    throw EvaluationProblems(["\(entry.path): \(error)"])
                }
            }
        }
        guard problems.isEmpty, let material else {
            throw EvaluationProblems(problems.isEmpty ? ["there is nothing to evaluate"] : problems)
        }
        return (material, histories)
    }

    /// The unit of a split that says of each case what the table says.
    static func split(_ path: String, holds cases: [EvaluationCase]) throws(EvaluationProblems) -> SplitUnit {
        let text = try text(path, "a split as 'oncorelay train' writes it")
        let split: Split
        do { split = try JSONDecoder().decode(Split.self, from: Data(text.utf8)) } catch {
            throw EvaluationProblems(["\(path) is no split as 'oncorelay train' writes it: \(error)"])
        }
        var problems: [String] = []
        let unknown = cases.filter { split.assignment[$0.id] == nil }.map(\.id)
        if !unknown.isEmpty { problems.append("\(path) does not assign \(unknown.count) examples: \(listed(unknown))") }
        let other = cases.filter { item in split.assignment[item.id].map { $0 != item.cohort } ?? false }.map(\.id)
        if !other.isEmpty {
            problems.append("\(path) puts \(other.count) examples into other cohorts: \(listed(other))")
        }
        guard problems.isEmpty else { throw EvaluationProblems(problems) }
        return split.unit
    }
}

import Contracts
import Datasets
import Learning

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads a cohort, splits it and trains on it, telling how far it is.
struct Trainer: Sendable {
    /// From the command line; nil for the recipe's.
    let data: String?
    let split: String?
    let isFresh: Bool
    let threads: Int

    /// - Parameters:
    ///   - recipe: how to learn.
    ///   - file: where its relative paths begin.
    ///   - folder: where everything goes.
    ///   - title: stands before the progress; empty for one run.
    ///   - stop: raised when it should stop.
    /// - Returns: what it came to.
    /// - Throws: `LearningError`.
    func train(
        _ recipe: Recipe, of file: RecipeFile, in folder: RunFolder, title: String = "", stop: Blocking.StopFlag
    ) throws(LearningError) -> TrainingResult {
        if isFresh { try folder.startAnew() }
        let line = TrainingLine(title: title)
        defer { line.finish() }
        let dataset = try TrainingData.dataset(data ?? recipe.data.folder.map(file.resolve), for: recipe)
        let split = try TrainingData.split(
            of: dataset, recipe, written: split ?? recipe.data.split.map(file.resolve))
        for text in TrainingData.overlapNotes(split, dataset) { line.note(text) }
        let cohorts = try PreparedCohorts(recipe, dataset: dataset, split: split) { done, count in
            line.tell(.preparing(done: done, of: count))
        }
        for (name, part) in [("training", cohorts.training), ("testing", cohorts.testing)] where !part.leftOut.isEmpty {
            let count = part.leftOut.count
            line.note(
                "\(count == 1 ? "1 lesion" : "\(count) lesions") of the \(name) cohort left out for want of a sequence")
        }
        if stop.isRaised { throw .interrupted("stopped before the first step") }
        let run = TrainingRun(
            recipe, cohorts: cohorts, split: split, folder: folder,
            checkpoint: recipe.start.checkpoint.map(file.resolve), threads: threads)
        let result = try run.run {
            line.tell($0)
        } shouldStop: {
            stop.isRaised
        }
        try folder.suggestEvaluation(of: dataset.root.path, name: recipe.name)
        return result
    }
}

/// A grid's runs with the same trainer.
struct SweepWork: Sendable {
    let trainer: Trainer
    let sweep: Sweep

    func run(stop: Blocking.StopFlag) throws(LearningError) -> [Sweep.Row] {
        let console = Console.standard
        let rows = try sweep.run { run, folder throws(LearningError) in
            let number = (sweep.runs.firstIndex { $0.name == run.name } ?? 0) + 1
            return try trainer.train(
                run.recipe, of: run.file, in: folder, title: "\(number)/\(sweep.runs.count) \(run.name)", stop: stop)
        } tell: { row, _ in
            if let problem = row.problem { console.note("\(row.name): \(problem)") }
        }
        if let first = sweep.runs.first, let data = trainer.data ?? first.recipe.data.folder.map(first.file.resolve) {
            let done = zip(sweep.runs, rows).filter { $1.result != nil }.map { sweep.folder(of: $0.0) }
            try RunFolder(path: sweep.folder).suggestEvaluation(of: data, runs: done)
        }
        var table = TextTable([.shrinking("run"), .right("epoch"), .right("AUC"), .left("95 % interval"), .right("s")])
        for row in rows {
            let auc = row.result?.testingAUC
            table.add([
                row.name, row.result.map { "\($0.bestEpoch)" } ?? "-", auc.map { NumberText.fixed($0.value, 3) } ?? "-",
                auc.map { "\(NumberText.fixed($0.lower, 3))–\(NumberText.fixed($0.upper, 3))" } ?? row.problem.flatMap {
                    $0.split(separator: "\n").first.map(String.init)
                } ?? "",
                row.result.map { NumberText.fixed($0.seconds, 0) } ?? "-",
            ])
        }
        let terminal = Terminal.standardError
        for line in table.lines(width: terminal.width, style: terminal.style) { console.note(line) }
        console.note("AUC of the testing cohort, on which each epoch was chosen. Research use only. Not for diagnosis.")
        return rows
    }
}

import ArgumentParser
import Contracts
import Learning

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `oncorelay train CONFIG`
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Trains a network by a recipe, and leaves a model folder that services can take.",
        discussion: """
            CONFIG is a recipe in YAML; recipes/ has the papers'. Its keys (all but 'task' have defaults):

              base: a recipe to build upon                       name
              task: lung-vs-non-lung, sclc-vs-nsclc, bc-vs-gic, node-status
              data: folder, split, splitBy (patient, group, image), fractions, seed, missingSequences (reject, skip), \
            storage (automatic, float16, float32)
              input: sequences, size, spacing, normalization
              network: kind (resnet3d, inception-v3), depth, widthMultiplier, stemStride, …
              start: checkpoint, keepHead, freeze (none or a number of convolutions)
              attention: enabled, layer, slope, threshold, weight, erasure
              augmentation: enabled, flips, rotation, scaling, intensityShift, intensityScaling, noise
              training: epochs, batch, seed, optimizer, schedule, classWeights (none, balanced or two numbers), \
            earlyStopping, precision (automatic, float32, bfloat16), …
              trust: method (temperature, platt, none), coverage, sets, inside, abstain, margin: fitted on the testing \
            cohort when training has ended, so that best goes into service calibrated
              model: threshold (youden or a number), weights (float32, float16), version, gradCAMLayer, \
            intendedUse
              sweep: keys, each with a list of values: the grid that --sweep runs

            A key that there is not is an error that names its line and the nearest key. --check prints the whole recipe \
            with its defaults.

            OUT gets recipe.yaml, split.json, history.csv, result.json, the model folders best and last, and an \
            evaluate.yaml that 'oncorelay evaluate' takes. Paths in a recipe are beneath the recipe's folder.

            Ctrl-C stops after the step that is going on and keeps the state; the same command goes on from there and \
            ends in the same weights as if it had not been stopped. The same recipe, data, machine and number of \
            threads give the same weights, bit for bit.

            Exit codes: 0 done, 1 a run of a sweep could not be trained, 64 wrong use, 65 recipe, data or numbers that \
            cannot be used, 66 a file cannot be read or written, 130 stopped. Research use only. Not for diagnosis.
            """)

    @Argument(help: ArgumentHelp("The recipe.", valueName: "config"), completion: .file(extensions: ["yaml", "yml"]))
    var config: String

    @Option(help: ArgumentHelp("The cohort's folder, instead of the recipe's data.folder.", valueName: "dir"))
    var data: String?

    @Option(help: ArgumentHelp("A split.json, instead of the recipe's data.split.", valueName: "file"))
    var split: String?

    @Option(help: ArgumentHelp("Where everything goes (default: runs/NAME).", valueName: "dir"))
    var out: String?

    @Option(help: ArgumentHelp("A key and its value above the recipe; may be given again.", valueName: "key=value"))
    var set: [String] = []

    @Flag(help: "Run the recipe's grid, each run in a folder of its own, and write a table.")
    var sweep = false

    @Option(help: ArgumentHelp("Only the runs of the grid with this name; may be given again.", valueName: "name"))
    var only: [String] = []

    @Flag(help: "Print the whole recipe, or with --sweep the names of the grid's runs; train nothing.")
    var check = false

    @Flag(help: "Throw away what an earlier run left in OUT.")
    var fresh = false

    @Option(help: ArgumentHelp("Threads of the arithmetic (default: all cores).", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads: expected 1 to 1024, found \(threads)")
        }
        guard only.isEmpty || sweep else { throw ValidationError("--only: names runs of a grid; add --sweep") }
    }

    func run() async throws {
        let file = try RecipeFile(path: config, settings: set)
        let folder = out ?? "runs/\(file.name)"
        let trainer = Trainer(
            data: data, split: split, isFresh: fresh,
            threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        guard sweep else {
            let recipe = try file.recipe()
            if check {
                Console.standard.line(recipe.text)
                return
            }
            let run = RunFolder(path: folder)
            let result = try await Blocking.run { stop in
                try trainer.train(recipe, of: file, in: run, stop: stop)
            }
            try Console.standard.json(result)
            Console.standard.note("ready to serve: \(run.best)")
            Console.standard.note("its figures: oncorelay evaluate \(run.evaluation) --report \(folder)/page")
            return
        }
        let runs = try chosen(try file.grid())
        if check {
            for run in runs { Console.standard.line(run.name) }
            return
        }
        let rows = try await Blocking.run { stop in
            try SweepWork(trainer: trainer, sweep: Sweep(runs: runs, folder: folder)).run(stop: stop)
        }
        try Console.standard.json(rows)
        if rows.contains(where: { $0.problem != nil }) { try ExitStatus.findings.end() }
    }

    private func chosen(_ runs: [GridRun]) throws -> [GridRun] {
        guard !only.isEmpty else { return runs }
        let names = Set(runs.map(\.name))
        if let unknown = only.first(where: { !names.contains($0) }) {
            throw CommandFailure(
                "--only: the grid has no run '\(unknown)'; it has \(runs.map(\.name).joined(separator: ", "))", .usage)
        }
        return runs.filter { only.contains($0.name) }
    }
}

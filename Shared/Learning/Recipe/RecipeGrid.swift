/// One run of a grid.
package struct GridRun: Sendable {
    /// The values that set it apart, joined: `bc-vs-gic,T1CE+DWI`. Also its folder's name.
    package let name: String
    /// The keys and values that set it apart, in the recipe's order.
    package let values: [(key: String, value: String)]
    package let file: RecipeFile
    package let recipe: Recipe
}

extension RecipeFile {
    /// More runs than this are taken for a slip.
    private static let maximumRuns = 10_000

    /// The runs that the recipe's `sweep` spans: every value of each key with every value of the others.
    ///
    ///     sweep:
    ///       task: [lung-vs-non-lung, bc-vs-gic]
    ///       input.sequences: [[T1], [T1CE, DWI]]
    ///
    /// - Returns: the runs, the last key's values changing fastest.
    /// - Throws: ``RecipeError`` where there is no `sweep`, two runs have one name, or a run is no usable recipe.
    package func grid() throws(RecipeError) -> [GridRun] {
        guard let sweep = tree["sweep"], let entries = sweep.entries, !entries.isEmpty else {
            throw RecipeError([
                RecipeProblem(
                    tree["sweep"]?.place ?? tree.place,
                    "sweep: expected keys, each with a list of values, such as input.sequences: [[T1], [DWI]]")
            ])
        }
        var axes: [(key: String, values: [RecipeNode])] = []
        for entry in entries {
            guard case .list(let values) = entry.value.value, !values.isEmpty else {
                throw RecipeError([RecipeProblem(entry.place, "sweep.\(entry.key): expected a list of values")])
            }
            axes.append((entry.key, values))
        }
        let count = axes.reduce(1) { $0 * $1.values.count }
        guard count <= Self.maximumRuns else {
            throw RecipeError([RecipeProblem(sweep.place, "sweep: \(count) runs; at most \(Self.maximumRuns)")])
        }
        var runs: [GridRun] = []
        var problems: [RecipeProblem] = []
        for number in 0..<count {
            var rest = number
            var chosen: [(path: String, value: RecipeNode)] = []
            for axis in axes.reversed() {
                chosen.insert((axis.key, axis.values[rest % axis.values.count]), at: 0)
                rest /= axis.values.count
            }
            let values = chosen.map { (key: $0.path, value: Self.word($0)) }
            let name = values.map(\.value).joined(separator: ",")
            do throws(RecipeError) {
                let file = try setting(chosen, name: "\(self.name),\(name)")
                runs.append(GridRun(name: name, values: values, file: file, recipe: try file.recipe()))
            } catch {
                problems += error.problems.filter { !problems.contains($0) }
            }
        }
        guard problems.isEmpty else { throw RecipeError(problems) }
        guard Set(runs.map(\.name)).count == runs.count else {
            throw RecipeError([RecipeProblem(sweep.place, "sweep: a value stands there twice")])
        }
        return runs
    }

    /// A value as a part of a folder's name.
    private static func word(_ choice: (path: String, value: RecipeNode)) -> String {
        var text = choice.value.short
        if choice.path == "base", text.hasSuffix(".yaml") { text = String(text.dropLast(5)) }
        let isWord = text.contains { $0.isLetter }
        let key = choice.path.split(separator: ".").last.map(String.init) ?? choice.path
        let whole = isWord && text != "none" ? text : "\(key)-\(text)"
        return String(whole.map { $0.isLetter || $0.isNumber || "+-._=".contains($0) ? $0 : "_" })
    }
}

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A recipe's file, with what it builds upon and the grid that it may span.
package struct RecipeFile: Sendable {
    /// Folder beneath which the recipe's own relative paths lie.
    package let folder: String
    /// The file's name without its ending.
    package let name: String
    let tree: RecipeNode
    /// One recipe for each key and value of the command line.
    private static let maximumDepth = 8

    /// Reads a recipe.
    ///
    /// A recipe may name another one as its `base`: what it says itself stands above that. The base's `sweep` does not
    /// count.
    ///
    /// - Parameters:
    ///   - path: the YAML file.
    ///   - settings: `key.key=value` from the command line, each above the file.
    /// - Throws: ``RecipeError``.
    package init(path: String, settings: [String] = []) throws(RecipeError) {
        let split = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        folder = split.count > 1 ? split.dropLast().joined(separator: "/") : "."
        let file = split.last ?? path
        name =
            file.hasSuffix(".yaml")
            ? String(file.dropLast(5)) : file.hasSuffix(".yml") ? String(file.dropLast(4)) : file
        var tree = try Self.read(path, depth: 0)
        for setting in settings {
            let place = RecipePlace(file: "--set \(setting)", line: 0)
            guard let equals = setting.firstIndex(of: "="), equals > setting.startIndex else {
                throw RecipeError([RecipeProblem(place, "expected key=value, such as training.epochs=5")])
            }
            var value = try RecipeNode(
                parsing: "value: " + setting[setting.index(after: equals)...], file: place.file)
            value = value["value"] ?? RecipeNode(value: .null, place: place)
            tree = tree.setting(setting[..<equals], to: RecipeNode(value: value.value, place: place))
        }
        self.tree = tree
    }

    /// A recipe given as text, for tests and tools.
    package init(text: String, name: String, folder: String = ".") throws(RecipeError) {
        tree = try RecipeNode(parsing: text, file: name)
        self.name = name
        self.folder = folder
    }

    private init(tree: RecipeNode, name: String, folder: String) {
        self.tree = tree
        self.name = name
        self.folder = folder
    }

    /// The file as a single recipe; a grid's own values are left aside.
    ///
    /// - Throws: ``RecipeError``.
    package func recipe() throws(RecipeError) -> Recipe { try Recipe(tree, name: name) }

    /// The same file with values put at paths, for one run of a grid.
    func setting(_ values: [(path: String, value: RecipeNode)], name: String) throws(RecipeError) -> RecipeFile {
        var changed = tree
        // A base in the grid lies beneath what the file says itself.
        for (path, value) in values where path == "base" {
            guard let file = RecipeSection.text(value) else {
                throw RecipeError([RecipeProblem(value.place, "sweep.base: expected recipes' files")])
            }
            changed = try Self.read("\(folder)/\(file)", depth: 1).removing("sweep").removing("name")
                .overlaid(by: changed)
        }
        for (path, value) in values where path != "base" { changed = changed.setting(path, to: value) }
        return RecipeFile(tree: changed, name: name, folder: folder)
    }

    private static func read(_ path: String, depth: Int) throws(RecipeError) -> RecipeNode {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        guard let data = FileManager.default.contents(atPath: path), data.count <= 1 << 20,
            let text = String(data: data, encoding: .utf8)
        else {
            throw RecipeError([
                RecipeProblem(
                    RecipePlace(file: path, line: 0), "cannot be read; expected a YAML file of at most 1 MB in UTF-8")
            ])
        }
        let tree = try RecipeNode(parsing: text, file: file)
        guard let base = tree["base"] else { return tree }
        guard let name = RecipeSection.text(base), depth < maximumDepth else {
            throw RecipeError([
                RecipeProblem(base.place, "base: expected a recipe's file, at most \(maximumDepth) upon each other")
            ])
        }
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let below = try read(folder.isEmpty ? name : "\(folder)/\(name)", depth: depth + 1)
        return below.removing("sweep").removing("name").overlaid(by: tree)
    }

    /// A path of the recipe: absolute as it is, else beneath the recipe's folder.
    package func resolve(_ path: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }
}

internal import Yams

/// A line of a recipe's file.
package struct RecipePlace: Sendable, Equatable, CustomStringConvertible {
    package let file: String
    /// From 1; 0 where the file itself is meant.
    package let line: Int

    package init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    package var description: String { line > 0 ? "\(file):\(line)" : file }
}

/// What is wrong in a recipe, and where.
package struct RecipeProblem: Sendable, Equatable, CustomStringConvertible {
    package let place: RecipePlace
    package let text: String

    package init(_ place: RecipePlace, _ text: String) {
        self.place = place
        self.text = text
    }

    package var description: String { "\(place): \(text)" }
}

/// A recipe that cannot be used: every problem at once.
package struct RecipeError: Error, Sendable, Equatable, CustomStringConvertible {
    package let problems: [RecipeProblem]

    package init(_ problems: [RecipeProblem]) { self.problems = problems }

    package var description: String {
        let found = problems.map(\.description).joined(separator: "; ")
        return "the recipe cannot be used: \(found); 'oncorelay train --help' names its keys"
    }
}

/// A value of a YAML file, and the line where it stands.
struct RecipeNode: Sendable, Equatable {
    struct Entry: Sendable, Equatable {
        var key: String
        var place: RecipePlace
        var value: RecipeNode
    }

    indirect enum Value: Sendable, Equatable {
        case null
        case scalar(String)
        case list([RecipeNode])
        case mapping([Entry])
    }

    var value: Value
    var place: RecipePlace

    /// Reads a text.
    ///
    /// - Parameters:
    ///   - text: one YAML document.
    ///   - file: what errors call it.
    /// - Throws: ``RecipeError`` with the line where the form is broken.
    init(parsing text: String, file: String) throws(RecipeError) {
        do {
            guard let node = try Yams.compose(yaml: text) else {
                self.init(value: .mapping([]), place: RecipePlace(file: file, line: 1))
                return
            }
            self = try Self.convert(node, file)
        } catch let error as RecipeError {
            throw error
        } catch let error as YamlError {
            throw RecipeError([Self.problem(error, file)])
        } catch {
            throw RecipeError([RecipeProblem(RecipePlace(file: file, line: 0), "is no YAML: \(error)")])
        }
    }

    init(value: Value, place: RecipePlace) {
        self.value = value
        self.place = place
    }

    private static func convert(_ node: Node, _ file: String) throws(RecipeError) -> RecipeNode {
        let place = RecipePlace(file: file, line: node.mark?.line ?? 0)
        switch node {
        case .scalar(let scalar):
            let isNull = scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            return RecipeNode(value: isNull ? .null : .scalar(scalar.string), place: place)
        case .sequence(let sequence):
            var list: [RecipeNode] = []
            for one in sequence { list.append(try convert(one, file)) }
            return RecipeNode(value: .list(list), place: place)
        case .mapping(let mapping):
            var entries: [Entry] = []
            for (key, value) in mapping {
                let keyPlace = RecipePlace(file: file, line: key.mark?.line ?? place.line)
                guard case .scalar(let name) = key else {
                    throw RecipeError([RecipeProblem(keyPlace, "a key must be a word")])
                }
                entries.append(Entry(key: name.string, place: keyPlace, value: try convert(value, file)))
            }
            return RecipeNode(value: .mapping(entries), place: place)
        case .alias:
            throw RecipeError([RecipeProblem(place, "aliases are not read here; write the value out")])
        }
    }

    private static func problem(_ error: YamlError, _ file: String) -> RecipeProblem {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return RecipeProblem(RecipePlace(file: file, line: mark.line), "is no YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let keys = duplicates.map { "\($0)" }.sorted().joined(separator: ", ")
            return RecipeProblem(
                RecipePlace(file: file, line: context.mark.line), "a key stands there twice: \(keys)")
        default:
            return RecipeProblem(RecipePlace(file: file, line: 0), "is no YAML: \(error)")
        }
    }

    var entries: [Entry]? {
        if case .mapping(let entries) = value { entries } else { nil }
    }

    subscript(key: String) -> RecipeNode? { entries?.first { $0.key == key }?.value }

    /// This tree with another laid over it: mappings are joined, everything else of `upper` replaces what is here.
    /// A mapping of another `kind` (an optimizer, a network) replaces, too: what belonged to the one is not the other's.
    func overlaid(by upper: RecipeNode) -> RecipeNode {
        guard case .mapping(var mine) = value, case .mapping(let theirs) = upper.value else { return upper }
        if let kind = upper["kind"]?.value, let before = self["kind"]?.value, kind != before { return upper }
        for entry in theirs {
            if let index = mine.firstIndex(where: { $0.key == entry.key }) {
                mine[index].value = mine[index].value.overlaid(by: entry.value)
                mine[index].place = entry.place
            } else {
                mine.append(entry)
            }
        }
        return RecipeNode(value: .mapping(mine), place: upper.place)
    }

    /// This tree with one value put at a path such as `training.optimizer.kind`.
    func setting(_ path: some StringProtocol, to value: RecipeNode) -> RecipeNode {
        var node = value
        for key in path.split(separator: ".").reversed() {
            node = RecipeNode(
                value: .mapping([Entry(key: String(key), place: value.place, value: node)]), place: value.place)
        }
        return overlaid(by: node)
    }

    /// Without a key of the outermost mapping.
    func removing(_ key: String) -> RecipeNode {
        guard let entries else { return self }
        return RecipeNode(value: .mapping(entries.filter { $0.key != key }), place: place)
    }

    /// In a few characters, for names and messages: `T1CE+DWI`.
    var short: String {
        switch value {
        case .null: "none"
        case .scalar(let text): text
        case .list(let list): list.map(\.short).joined(separator: "+")
        case .mapping(let entries): entries.map { "\($0.key)=\($0.value.short)" }.joined(separator: "+")
        }
    }
}

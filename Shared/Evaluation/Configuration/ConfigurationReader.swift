internal import Yams

/// Reads a mapping of YAML key by key: knows which keys were asked for, and keeps every problem with its line.
final class ConfigurationReader {
    private let node: Node
    private let path: String
    private var asked: Set<String> = []
    private(set) var problems: [String] = []

    /// - Throws: ``EvaluationProblems`` for text that is no YAML, or no mapping.
    static func root(_ text: String, path: String) throws(EvaluationProblems) -> ConfigurationReader {
        let node: Node?
        do { node = try Yams.compose(yaml: text) } catch {
            throw EvaluationProblems(["\(path) is no YAML that can be read: \(error)"])
        }
        guard let node, case .mapping = node else {
            throw EvaluationProblems(["\(path): expected keys and values, such as 'scores: scores.csv'"])
        }
        return ConfigurationReader(node, path: path)
    }

    private init(_ node: Node, path: String) {
        self.node = node
        self.path = path
    }

    func complain(_ key: String, _ reason: String) { problems.append("\(place(value(key))), '\(key)': \(reason)") }

    func has(_ key: String) -> Bool { value(key) != nil }

    /// A text; a number is one, too.
    func text(_ key: String) -> String? {
        guard let found = value(key) else { return nil }
        guard case .scalar(let scalar) = found, !scalar.string.isEmpty else {
            complain(key, "expected a text")
            return nil
        }
        return scalar.string
    }

    func number(_ key: String, _ expected: String, _ isRight: (Double) -> Bool) -> Double? {
        guard let text = text(key) else { return nil }
        guard let value = Double(text), isRight(value) else {
            complain(key, "expected \(expected), found '\(text)'")
            return nil
        }
        return value
    }

    func whole(_ key: String, _ range: ClosedRange<Int>) -> Int? {
        guard let text = text(key) else { return nil }
        guard let value = Int(text), range ~= value else {
            complain(key, "expected a whole number from \(range.lowerBound) to \(range.upperBound), found '\(text)'")
            return nil
        }
        return value
    }

    /// One text, or a list of them.
    func texts(_ key: String) -> [String] {
        guard let found = value(key) else { return [] }
        switch found {
        case .scalar(let scalar) where !scalar.string.isEmpty: return [scalar.string]
        case .sequence(let sequence):
            let texts = sequence.compactMap { item -> String? in
                guard case .scalar(let scalar) = item, !scalar.string.isEmpty else { return nil }
                return scalar.string
            }
            if texts.count == sequence.count { return texts }
            complain(key, "expected a list of texts")
        default: complain(key, "expected a text or a list of texts")
        }
        return []
    }

    /// A list of words of a kind.
    func words<Word: RawRepresentable & CaseIterable>(_ key: String, _: Word.Type) -> [Word]
    where Word.RawValue == String {
        texts(key).compactMap { text in
            if let word = Word(rawValue: text) { return word }
            complain(key, "expected \(Word.allCases.map(\.rawValue).joined(separator: ", ")), found '\(text)'")
            return nil
        }
    }

    /// A list of mappings, or one.
    func mappings(_ key: String) -> [ConfigurationReader] {
        guard let found = value(key) else { return [] }
        let items: [Node] = if case .sequence(let sequence) = found { Array(sequence) } else { [found] }
        return items.compactMap { item in
            if case .mapping = item { return ConfigurationReader(item, path: path) }
            problems.append("\(place(item)), '\(key)': expected keys and values")
            return nil
        }
    }

    /// Takes over the problems of a part.
    func close(_ part: ConfigurationReader) {
        part.complainOfUnknownKeys()
        problems += part.problems
    }

    func complainOfUnknownKeys() {
        guard case .mapping(let mapping) = node else { return }
        for (key, _) in mapping {
            guard let name = key.string, asked.contains(name) else {
                let known = asked.sorted().joined(separator: ", ")
                problems.append("\(place(key)): the key '\(key.string ?? "?")' is not known; known are \(known)")
                continue
            }
        }
    }

    private func value(_ key: String) -> Node? {
        asked.insert(key)
        guard case .mapping(let mapping) = node else { return nil }
        return mapping.first { $0.key.string == key }?.value
    }

    private func place(_ node: Node?) -> String {
        guard let line = (node ?? self.node).mark?.line else { return path }
        return "\(path), line \(line)"
    }
}

/// Collects what is wrong while a recipe is read, so that a person hears of everything at once.
final class RecipeProblems {
    private(set) var list: [RecipeProblem] = []
    func add(_ place: RecipePlace, _ text: String) { list.append(RecipeProblem(place, text)) }
}

/// A mapping of a recipe, read key by key; keys that nobody asked for are problems.
final class RecipeSection {
    /// `training.optimizer`; empty for the whole.
    let path: String
    private let entries: [RecipeNode.Entry]
    private let place: RecipePlace
    let problems: RecipeProblems
    private var asked: [String] = []

    init(_ node: RecipeNode?, path: String = "", place: RecipePlace, problems: RecipeProblems) {
        self.path = path
        self.place = node?.place ?? place
        self.problems = problems
        switch node?.value {
        case nil, .null: entries = []
        case .mapping(let found): entries = found
        default:
            entries = []
            problems.add(self.place, "\(path.isEmpty ? "the recipe" : path): expected keys and values")
        }
    }

    /// The value of a key; nil where it is absent or null.
    func node(_ key: String) -> RecipeNode? {
        asked.append(key)
        guard let node = entries.first(where: { $0.key == key })?.value, node.value != .null else { return nil }
        return node
    }

    func section(_ key: String) -> RecipeSection {
        RecipeSection(node(key), path: name(key), place: place, problems: problems)
    }

    /// Whether a key stands there, even with nothing behind it.
    func has(_ key: String) -> Bool { entries.contains { $0.key == key } }

    /// A value that `parse` understands, or the default.
    func value<Value>(
        _ key: String, _ standard: Value, expected: @autoclosure () -> String, parse: (RecipeNode) -> Value?
    ) -> Value {
        guard let node = node(key) else { return standard }
        if let value = parse(node) { return value }
        problems.add(node.place, "\(name(key)): expected \(expected()), found \(Self.shown(node))")
        return standard
    }

    func text(_ key: String, _ standard: String) -> String {
        value(key, standard, expected: "a word", parse: Self.text)
    }

    func optionalText(_ key: String) -> String? {
        value(key, nil, expected: "a word") { node -> String?? in Self.text(node).map { .some($0) } }
    }

    func integer(_ key: String, _ standard: Int, _ range: ClosedRange<Int>) -> Int {
        value(key, standard, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") {
            Self.text($0).flatMap { Int($0) }.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func seed(_ key: String, _ standard: UInt64) -> UInt64 {
        value(key, standard, expected: "a whole number, not negative") { Self.text($0).flatMap { UInt64($0) } }
    }

    /// A number from `range`; 0 is not in it where `isPositive`.
    func number(_ key: String, _ standard: Double, _ range: ClosedRange<Double>, isPositive: Bool = false) -> Double {
        optionalNumber(key, range, isPositive: isPositive) ?? standard
    }

    func optionalNumber(_ key: String, _ range: ClosedRange<Double>, isPositive: Bool = false) -> Double? {
        let words =
            isPositive ? "above 0 and at most \(range.upperBound)" : "\(range.lowerBound) to \(range.upperBound)"
        return value(key, nil, expected: "a number, \(words)") { node -> Double?? in
            guard let number = Self.number(node), range.contains(number), !isPositive || number > 0 else { return nil }
            return .some(number)
        }
    }

    func flag(_ key: String, _ standard: Bool) -> Bool {
        value(key, standard, expected: "true or false") { node in
            switch Self.text(node)?.lowercased() {
            case "true", "yes", "on": true
            case "false", "no", "off": false
            default: nil
            }
        }
    }

    func choice<Word: RawRepresentable<String> & CaseIterable>(_ key: String, _ standard: Word) -> Word {
        let words = Word.allCases.map(\.rawValue)
        return value(key, standard, expected: "one of \(words.joined(separator: ", "))") {
            Self.text($0).flatMap { Word(rawValue: $0) }
        }
    }

    func integers(_ key: String, _ standard: [Int]?, _ range: ClosedRange<Int>, counts: ClosedRange<Int>) -> [Int]? {
        value(
            key, standard,
            expected: "\(counts.lowerBound) to \(counts.upperBound) whole numbers of \(range.lowerBound) to "
                + "\(range.upperBound)"
        ) { node -> [Int]?? in
            guard case .list(let list) = node.value, counts.contains(list.count) else { return nil }
            let numbers = list.compactMap { Self.text($0).flatMap { Int($0) } }.filter(range.contains)
            return numbers.count == list.count ? .some(numbers) : nil
        }
    }

    func numbers(_ key: String, _ standard: [Double]?, _ range: ClosedRange<Double>, counts: ClosedRange<Int>)
        -> [Double]?
    {
        value(
            key, standard,
            expected: "\(counts.lowerBound) to \(counts.upperBound) numbers of \(range.lowerBound) to "
                + "\(range.upperBound)"
        ) { node -> [Double]?? in
            guard case .list(let list) = node.value, counts.contains(list.count) else { return nil }
            let numbers = list.compactMap(Self.number).filter(range.contains)
            return numbers.count == list.count ? .some(numbers) : nil
        }
    }

    func list(_ key: String) -> [RecipeNode] {
        value(key, [], expected: "a list") { node in
            if case .list(let list) = node.value { list } else { nil }
        }
    }

    /// Complains about something that single keys do not show.
    func complain(_ text: String, at key: String? = nil) {
        let place = key.flatMap { key in entries.first { $0.key == key }?.place } ?? place
        problems.add(place, text)
    }

    /// Names every key that was not asked for, and the nearest one that would have been.
    func close() {
        for entry in entries where !asked.contains(entry.key) {
            let nearest = asked.map { ($0, Self.distance(entry.key.lowercased(), $0.lowercased())) }
                .min { $0.1 < $1.1 }
            var text = "unknown key '\(name(entry.key))'"
            if let nearest, nearest.1 <= max(2, entry.key.count / 3) {
                text += "; did you mean '\(nearest.0)'?"
            } else {
                text += "; known are \(asked.joined(separator: ", "))"
            }
            problems.add(entry.place, text)
        }
    }

    private func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    static func text(_ node: RecipeNode) -> String? {
        if case .scalar(let text) = node.value { text } else { nil }
    }

    static func number(_ node: RecipeNode) -> Double? {
        text(node).flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil }
    }

    private static func shown(_ node: RecipeNode) -> String {
        let text = node.short
        return text.count > 60 ? "\(text.prefix(57))…" : "'\(text)'"
    }

    /// Letters to insert, delete, replace or swap with their neighbor to make one word of the other.
    static func distance(_ one: String, _ other: String) -> Int {
        let (a, b) = (Array(one), Array(other))
        var table = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
        for i in 0...a.count { table[i][0] = i }
        for j in 0...b.count { table[0][j] = j }
        for i in 0..<a.count {
            for j in 0..<b.count {
                var least = min(table[i][j + 1], table[i + 1][j]) + 1
                least = min(least, table[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, table[i - 1][j - 1] + 1) }
                table[i + 1][j + 1] = least
            }
        }
        return table[a.count][b.count]
    }
}

/// A binding key of a topic exchange: words separated by dots, of which `*` stands for any one word and `#` for any
/// number of words, none included (AMQP 0-9-1, 3.1.3.3).
struct RoutingKeyPattern: Sendable {
    private let words: [Substring]

    init(_ pattern: String) { words = Self.words(pattern) }

    static func words(_ key: String) -> [Substring] {
        key.isEmpty ? [] : key.split(separator: ".", omittingEmptySubsequences: false)
    }

    func matches(_ key: [Substring]) -> Bool {
        // Greedy with one way back: on a mismatch the latest '#' takes one word more.
        var position = 0
        var word = 0
        var lastHash: (position: Int, word: Int)?
        while word < key.count {
            if position < words.count, words[position] == "#" {
                lastHash = (position, word)
                position += 1
            } else if position < words.count, words[position] == "*" || words[position] == key[word] {
                position += 1
                word += 1
            } else if let hash = lastHash {
                lastHash = (hash.position, hash.word + 1)
                position = hash.position + 1
                word = hash.word + 1
            } else {
                return false
            }
        }
        return words[position...].allSatisfy { $0 == "#" }
    }
}

import Tensors

/// A request in the Redis protocol: an array of byte strings, of which the long ones are only referred to.
struct RedisRequest: Sendable {
    /// Protocol text and payloads in their order.
    private(set) var pieces: [TensorBuffer] = []
    private var text: [UInt8] = []

    /// A request of short words.
    init(_ words: [String]) {
        self.init(wordCount: words.count)
        for word in words { append(word) }
        finish()
    }

    /// `SET key value PX milliseconds`, the value in pieces that are not copied.
    init(set key: String, value: Safetensors.Pieces, milliseconds: Int64) {
        self.init(wordCount: 5)
        append("SET")
        append(key)
        text += Array("$\(value.byteCount)\r\n".utf8) + value.header
        finish()
        pieces += value.payloads
        text += [0x0d, 0x0a]
        append("PX")
        append(String(milliseconds))
        finish()
    }

    var byteCount: Int { pieces.reduce(0) { $0 + $1.count } }

    private init(wordCount: Int) {
        text = Array("*\(wordCount)\r\n".utf8)
    }

    private mutating func append(_ word: String) {
        text += Array("$\(word.utf8.count)\r\n".utf8)
        text += Array(word.utf8)
        text += [0x0d, 0x0a]
    }

    private mutating func finish() {
        pieces.append(TensorBuffer(copying: text))
        text = []
    }
}

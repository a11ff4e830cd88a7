import Contracts
import Foundation
import Testing

/// The quick reader and writer of events say what Foundation's say.
struct EventJSONTests {
    struct Everything: Codable, Equatable {
        var text = "plain"
        var whole = -42
        var large = Int64.max
        var unsigned = UInt64(1) << 63
        var small: UInt8 = 255
        var number = 0.1
        var wholeNumber = 3.0
        var tiny = 1e-300
        var single: Float = 0.3
        var flag = true
        var nothing: String?
        var numbers = [1.5, -2, 1e21]
        var texts = ["", "é", "\u{1F9E0}", "tab\tquote\"back\\slash/line\nbell\u{7}"]
        var nested = [["a": [1, 2]], [:]]
        var byName = ["zeta": 1, "alpha": 2, "10": 3, "9": 4]
    }

    private func foundation(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    @Test func bytesAreThoseOfFoundationsEncoder() throws {
        let value = Everything()
        #expect(String(decoding: try EventCoding.encode(value), as: UTF8.self) == (try foundation(value)))
        for fragment in [[String: Int](), ["k": 0]] {
            #expect(String(decoding: try EventCoding.encode(fragment), as: UTF8.self) == (try foundation(fragment)))
        }
    }

    @Test func whatWasWrittenIsReadBack() throws {
        let value = Everything()
        #expect(try EventCoding.decode(Everything.self, from: try EventCoding.encode(value)) == value)
        #expect(try EventCoding.decode(Everything.self, from: Array(try foundation(value).utf8)) == value)
    }

    @Test func spacesEscapesAndOddNumbersAreRead() throws {
        let text = #" { "texts" : [ "\u00e9\ud83e\udde0\/" ] , "numbers":[1E2,-0.5e-1 , 0], "byName": { } } "#
        struct Part: Codable, Equatable {
            var texts: [String]
            var numbers: [Double]
            var byName: [String: Int]
        }
        let part = try EventCoding.decode(Part.self, from: Array(text.utf8))
        #expect(part == Part(texts: ["é\u{1F9E0}/"], numbers: [100, -0.05, 0], byName: [:]))
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func numbersThatJSONCannotSpellAreRefused(_ number: Double) {
        #expect(throws: EncodingError.self) { try EventCoding.encode(["a": number]) }
    }

    @Test(arguments: ContractFiles.events)
    func examplesAreSpelledAsFoundationSpellsThem(_ name: String) throws {
        let bytes = try EventCodec.roundTrip(example: name)
        let object = try JSONSerialization.jsonObject(with: Data(bytes))
        let again = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        #expect(again.count == bytes.count)
    }
}

import Contracts
import Testing

/// Bodies that were made to break a reader: the answer is an event or a failure, never a crash.
struct HostileBodyTests {
    private func refusal(_ body: [UInt8]) -> Failure? {
        failure { () throws(Failure) in try EventCoding.decodeSubmission(body, messageID: nil, contentType: nil) }
    }

    private func refusal(_ text: String) -> Failure? { refusal(Array(text.utf8)) }

    private func submission(_ members: String = "") -> String {
        #"{"studyInstanceUID":"1.2.3","task":"lymph-node","series":[{"sequence":"T2","location":"file:a.png"}]"#
            + (members.isEmpty ? "" : "," + members) + "}"
    }

    @Test func emptyBodyIsRefused() {
        #expect(refusal("")?.code == .bodyEmpty)
        #expect(refusal("")?.message.contains("0 bytes") == true)
    }

    @Test func bodyOfTheLimitIsReadAndOneByteMoreIsRefused() {
        let frame = submission(#""padding":"""#)
        let padding = String(repeating: "x", count: EventCoding.bodyLimit - frame.utf8.count)
        let largest = submission("\"padding\":\"\(padding)\"")
        #expect(largest.utf8.count == EventCoding.bodyLimit)
        #expect(refusal(largest) == nil)
        let failure = refusal(largest + " ")
        #expect(failure?.code == .bodyTooLarge)
        #expect(failure?.message.contains("1048577") == true)
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
    func nestingOfTenThousandLevelsIsRefused(_ opening: String) {
        let deep = String(repeating: opening, count: 10_000)
        #expect(refusal(deep)?.code == .nestingTooDeep)
        let closed = submission(
            "\"extra\":" + String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000))
        #expect(refusal(closed)?.code == .nestingTooDeep)
    }

    @Test func nestingIsCountedToTheLimitExactly() {
        func nested(_ levels: Int) -> String {
            submission("\"extra\":" + String(repeating: "[", count: levels) + String(repeating: "]", count: levels))
        }
        #expect(refusal(nested(EventCoding.depthLimit - 1)) == nil)
        #expect(refusal(nested(EventCoding.depthLimit))?.code == .nestingTooDeep)
    }

    @Test func bracketsInsideStringsAreNotNesting() {
        let brackets = String(repeating: "[{", count: 10_000)
        #expect(refusal(submission("\"extra\":\"\(brackets)\"")) == nil)
        #expect(refusal(submission("\"extra\":\"\\\"\(brackets)\\\\\"")) == nil)
    }

    @Test(
        arguments: [
            [0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x80],
        ] as [[UInt8]])
    func bytesThatAreNotUTF8AreRefused(_ bytes: [UInt8]) {
        let parts = submission("\"extra\":\"§\"").split(separator: "§").map { Array($0.utf8) }
        let failure = refusal(parts[0] + bytes + parts[1])
        #expect(failure?.code == .invalidUTF8)
        #expect(failure?.message.contains("UTF-8") == true)
    }

    @Test func otherEncodingsOfUnicodeAreNotRead() {
        let wide = Array(submission().utf16).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        #expect(refusal(wide)?.code == .invalidUTF8)
        #expect(refusal([0xff, 0xfe] + wide)?.code == .invalidUTF8)
        #expect(refusal([0] + Array(submission().utf8))?.code == .invalidUTF8)
    }

    @Test func byteOrderMarkIsPassedOver() throws {
        let marked = [0xef, 0xbb, 0xbf] + Array(submission().utf8)
        let event = try EventCoding.decodeSubmission(marked, messageID: nil, contentType: nil)
        #expect(event.data.studyInstanceUID == "1.2.3")
    }

    @Test(arguments: ["NaN", "Infinity", "-Infinity", "nan", "+1", ".5", "0x10", "1_000", "undefined", "'1'"])
    func wordsThatAreNotJSONAreRefused(_ word: String) {
        let failure = refusal(submission("\"policy\":{\"deadlineSeconds\":\(word)}"))
        #expect(failure?.code == .malformedJSON, "\(word): \(String(describing: failure))")
    }

    @Test(arguments: ["01", "1.", "1e", "--1", "1e+", "-"])
    func numbersThatAreMisspelledAreRefusedByName(_ word: String) {
        let failure = refusal(submission("\"policy\":{\"deadlineSeconds\":\(word)}"))
        #expect(failure?.code == .invalidField, "\(word): \(String(describing: failure))")
        #expect(failure?.message.hasPrefix("policy.deadlineSeconds: ") == true, "\(String(describing: failure))")
    }

    @Test(arguments: ["1e400", "-1e400", "1e309", String(repeating: "9", count: 400)])
    func numbersBeyondADoubleAreRefusedWithoutACrash(_ number: String) {
        let deadline = refusal(submission("\"policy\":{\"deadlineSeconds\":\(number)}"))
        #expect(deadline?.code == .invalidField)
        #expect(deadline?.message.hasPrefix("policy.deadlineSeconds: ") == true, "\(String(describing: deadline))")
        let contour = #""regions":{"contours":[{"series":0,"slice":§,"location":"file:a.roi"}]}"#
        let failure = refusal(submission(contour.replacing("§", with: number)))
        #expect(failure?.message.hasPrefix("regions.contours[0].slice: ") == true, "\(String(describing: failure))")
    }

    @Test(arguments: ["9223372036854775808", "1e20", "1.5", "-1"])
    func numbersThatAreNoSliceAreRefusedByName(_ number: String) {
        let contour = #""regions":{"contours":[{"series":0,"slice":§,"location":"file:a.roi"}]}"#
        let failure = refusal(submission(contour.replacing("§", with: number)))
        #expect(failure?.code == .invalidField)
        #expect(failure?.message.hasPrefix("regions.contours[0]") == true, "\(String(describing: failure))")
    }

    @Test func ofTwoEqualKeysTheFirstCounts() throws {
        let twice = submission(#""task":"brain-metastasis","studyInstanceUID":"not a uid""#)
        let event = try EventCoding.decodeSubmission(Array(twice.utf8), messageID: nil, contentType: nil)
        #expect(event.data.task == .lymphNode)
        #expect(event.data.studyInstanceUID == "1.2.3")
    }

    @Test(arguments: ["studyInstanceUID", "task", "series"])
    func nullForARequiredFieldIsRefusedByName(_ field: String) throws {
        var body = try JSONNode(Array(submission().utf8))
        body[field] = .null
        let failure = refusal(body.bytes)
        #expect(failure?.code == .missingField)
        #expect(failure?.message.hasPrefix("\(field): ") == true)
    }

    @Test(arguments: ["priority", "site", "accessionNumber", "patientID", "regions", "policy"])
    func nullForAnOptionalFieldIsAbsence(_ field: String) {
        #expect(refusal(submission("\"\(field)\":null")) == nil)
    }

    @Test(arguments: [" x", "{}", "]", "\u{1}", "}", ","])
    func garbageBehindTheObjectIsRefused(_ garbage: String) {
        #expect(refusal(submission() + garbage)?.code == .malformedJSON)
    }

    @Test(arguments: [#"\ud800"#, #"\udc00"#, #"\ud800\ud800"#, #"\ud83d"#])
    func loneSurrogatesAreRefusedByName(_ escape: String) {
        let failure = refusal(submission("\"site\":\"\(escape)\""))
        #expect(failure?.code == .invalidField)
        #expect(failure?.message.hasPrefix("site: ") == true, "\(String(describing: failure))")
    }

    @Test(arguments: ["null", "true", "1", "\"text\"", "[]", "[[]]"])
    func bodiesThatAreNoObjectArePoison(_ text: String) {
        let failure = refusal(text)
        #expect(failure?.failureClass == .poison)
        #expect(failure?.message.hasPrefix("body: ") == true)
    }

    @Test func unknownPropertiesAreLetThrough() {
        #expect(refusal(submission(#""vendor":{"mirth":{"channel":7}},"x":[1,2]"#)) == nil)
    }
}

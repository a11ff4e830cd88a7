import Tensors
import Testing

@Suite struct HostileSafetensorsTests {
    @Test(arguments: [0, 1, 7])
    func fewerBytesThanTheLengthFieldAreTruncated(count: Int) {
        #expect(throws: SafetensorsError.truncated(expected: 8, got: count)) {
            try Safetensors.decode(TensorBuffer(copying: [UInt8](repeating: 0, count: count)))
        }
    }

    @Test(arguments: [100_000_001, UInt64(Int64.max), .max, .max - 7])
    func aHugeHeaderLengthIsRefused(length: UInt64) {
        let bytes = withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array("{}".utf8)
        #expect(throws: SafetensorsError.headerTooLong(declared: length, limit: 100_000_000)) {
            try Safetensors.decode(TensorBuffer(copying: bytes))
        }
    }

    @Test func aHeaderBeyondTheEndIsTruncated() {
        let bytes = withUnsafeBytes(of: UInt64(3).littleEndian) { Array($0) } + Array("{}".utf8)
        #expect(throws: SafetensorsError.truncated(expected: 11, got: 10)) {
            try Safetensors.decode(TensorBuffer(copying: bytes))
        }
    }

    @Test(arguments: [
        "", " {}", "[]", "nonsense", "{", "{}x", "{} {}", "{\"a\"}", "{\"a\":}", "{\"a\":1}", "{\"a\":null}", "{a:{}}",
        "{\"a\":{}}", "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},}",
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[1]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}"#,
        #"{"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}}"#,
        #"{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1,],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1 2],"data_offsets":[0,4]}}"#,
        #"{"__metadata__":{"a":1}}"#, #"{"__metadata__":{"a":{"b":"c"}}}"#, #"{"__metadata__":null}"#,
        #"{"__metadata__":{"\ud800":"x"}}"#, #"{"__metadata__":{"\udc00":"x"}}"#,
        #"{"__metadata__":{"\ud800\u0041":"x"}}"#,
        #"{"__metadata__":{"\u12":"x"}}"#, #"{"__metadata__":{"\x":"x"}}"#, #"{"__metadata__":{"a":"x"#,
        "{\"__metadata__\":{\"a\":\"\n\"}}",
        #"{"__metadata__":{"a":"\"#,
    ])
    func whatIsNotTheFormatsJSONIsMalformed(json: String) {
        do {
            _ = try Safetensors.decode(fixture(json, data: [0, 0, 0, 0]))
            Issue.record("expected malformedHeader")
        } catch {
            guard case .malformedHeader = error else {
                Issue.record("expected malformedHeader, got \(error)")
                return
            }
        }
    }

    @Test func deepNestingDoesNotExhaustTheStack() {
        for opening in ["[", "{\"a\":", "{\"__metadata__\":{\"a\":["] {
            let text = opening + String(repeating: "[", count: 2_000_000)
            #expect(throws: SafetensorsError.self) { try Safetensors.decode(fixture(text)) }
        }
    }

    @Test func bytesThatAreNotUTF8AreMalformed() {
        for bytes: [UInt8] in [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf8], [0xe2, 0x98]] {
            let header = Array("{\"__metadata__\":{\"a\":\"".utf8) + bytes + Array("\"}}".utf8)
            #expect(throws: SafetensorsError.malformedHeader(byte: 22, expected: "a string in UTF-8")) {
                try Safetensors.decode(fixture(header))
            }
        }
    }

    @Test func equalNamesAreRefused() {
        let entry = #""a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}"#
        // The escape spells the same name.
        let other = #""\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}"#
        #expect(throws: SafetensorsError.duplicateName("a")) {
            try Safetensors.decode(fixture("{\(entry),\(other)}", data: [1, 2]))
        }
        #expect(throws: SafetensorsError.duplicateName("k")) {
            try Safetensors.decode(fixture(#"{"__metadata__":{"k":"1","k":"2"}}"#))
        }
        #expect(throws: SafetensorsError.duplicateName("__metadata__")) {
            try Safetensors.decode(fixture(#"{"__metadata__":{},"__metadata__":{}}"#))
        }
    }

    @Test func offsetsMustCoverTheDataExactly() {
        func decode(_ first: String, _ second: String) throws(SafetensorsError) {
            let entries = [("a", first), ("b", second)].map { name, offsets in
                "\"\(name)\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":\(offsets)}"
            }
            let header = "{\(entries.joined(separator: ","))}"
            _ = try Safetensors.decode(fixture(header, data: [1, 2, 3, 4]))
        }
        #expect(throws: Never.self) { try decode("[2,4]", "[0,2]") }
        #expect(throws: SafetensorsError.notContiguous(tensor: "b", expectedBegin: 2, got: 1)) {
            try decode("[0,2]", "[1,3]")
        }
        #expect(throws: SafetensorsError.notContiguous(tensor: "b", expectedBegin: 2, got: 0)) {
            try decode("[0,2]", "[0,2]")
        }
        #expect(throws: SafetensorsError.notContiguous(tensor: "a", expectedBegin: 0, got: 1)) {
            try decode("[1,3]", "[3,4]")
        }
        #expect(throws: SafetensorsError.invalidOffsets(tensor: "b", begin: 3, end: 5, dataByteCount: 4)) {
            try decode("[0,2]", "[3,5]")
        }
        #expect(throws: SafetensorsError.invalidOffsets(tensor: "b", begin: 4, end: 2, dataByteCount: 0)) {
            try decode("[0,2]", "[4,2]")
        }
        #expect(throws: SafetensorsError.sizeMismatch(tensor: "a", expected: 2, got: 1)) {
            try decode("[0,1]", "[1,3]")
        }
        #expect(throws: SafetensorsError.trailingBytes(count: 1)) {
            try Safetensors.decode(fixture("{}", data: [1]))
        }
    }

    @Test func sizesThatOverflowAreRefused() {
        for shape in ["[9223372036854775807,2]", "[4294967296,4294967296,0]", "[9223372036854775807]"] {
            let header = "{\"a\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[0,0]}}"
            do {
                _ = try Safetensors.decode(fixture(header))
                Issue.record("expected invalidShape")
            } catch {
                guard case .invalidShape(tensor: "a", _) = error else {
                    Issue.record("expected invalidShape, got \(error)")
                    return
                }
            }
        }
    }

    @Test func anUnknownElementTypeIsNamed() {
        let header = #"{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}"#
        #expect(throws: SafetensorsError.unknownElementType(tensor: "a", dtype: "F31")) {
            try Safetensors.decode(fixture(header, data: [0, 0, 0, 0]))
        }
    }

    /// Every cut and every changed byte of a valid file ends in a tensor or in an error.
    @Test func noDamageToAFileCrashes() throws {
        let tensor = try Tensor(shape: [2, 2], floats: [1, 2, 3, 4])
        let valid = try Safetensors.encode(
            [("t", tensor), ("u", tensor.converted(to: .uint8))], metadata: ["k": "\u{e9}\n"])
        let bytes = valid.withUnsafeBytes { Array($0) }
        var refused = 0
        for end in 0..<bytes.count {
            #expect(throws: SafetensorsError.self) { try Safetensors.decode(valid.slice(0..<end)) }
        }
        for index in bytes.indices {
            for mask: UInt8 in [0x01, 0x02, 0x10, 0x80, 0xff] {
                var damaged = bytes
                damaged[index] ^= mask
                do {
                    let file = try Safetensors.decode(TensorBuffer(copying: damaged))
                    for name in file.names { _ = file.tensor(name)?.floats() }
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused > 100)
    }
}

import Foundation
import Tensors
import Testing

@Suite struct SafetensorsTests {
    @Test func tensorsAndMetadataComeBack() throws {
        let values = try Tensor(shape: [2, 2], floats: [1, 2, 3, 4])
        let mask = try Tensor(shape: [3], floats: [0, 1, 255]).converted(to: .uint8)
        let half = try Tensor(shape: [1, 3], floats: [0.5, -1, 2]).converted(to: .float16)
        let scalar = try Tensor(shape: [], floats: [9]).converted(to: .int16)
        let metadata = ["task": "quote \" backslash \\ newline \n NUL \u{0} snow \u{2603} pile \u{1f4a9}", "": ""]
        let buffer = try Safetensors.encode(
            [("mask", mask), ("values", values), ("näme/\"x\"", half), ("scalar", scalar)], metadata: metadata)
        let file = try Safetensors.decode(buffer)
        #expect(file.metadata == metadata)
        #expect(Set(file.names) == ["mask", "values", "näme/\"x\"", "scalar"])
        #expect(file.tensor("values") == values)
        #expect(file.tensor("mask") == mask)
        #expect(file.tensor("näme/\"x\"") == half)
        #expect(file.tensor("scalar") == scalar)
        #expect(file.tensor("absent") == nil)
        #expect(throws: SafetensorsError.noSuchTensor(name: "absent", tensorCount: 4)) {
            try file.requiredTensor("absent")
        }
    }

    @Test func dataBeginAtAMultipleOf64BytesAndWideElementsComeFirst() throws {
        let narrow = try Tensor(shape: [3], floats: [1, 2, 3]).converted(to: .uint8)
        let wide = try Tensor(shape: [3], floats: [1, 2, 3])
        let pieces = try Safetensors.pieces([("a", narrow), ("b", wide)])
        #expect(pieces.header.count % 64 == 0)
        #expect(pieces.payloads.map(\.count) == [12, 3])
        #expect(pieces.byteCount == pieces.header.count + 15)
        let file = try Safetensors.decode(Safetensors.encode([("a", narrow), ("b", wide)]))
        #expect(file.names == ["b", "a"])
    }

    @Test func decodedTensorsShareTheBuffer() throws {
        let buffer = try Safetensors.encode([("t", Tensor(shape: [2], floats: [1, 2]))])
        let tensor = try #require(try Safetensors.decode(buffer).tensor("t"))
        let inside = buffer.withUnsafeBytes { whole in
            tensor.buffer.withUnsafeBytes { part in
                part.baseAddress! >= whole.baseAddress! && part.baseAddress! < whole.baseAddress! + whole.count
            }
        }
        #expect(inside)
    }

    @Test func namesMustBeDifferentAndFree() throws {
        let tensor = try Tensor(shape: [1], floats: [1])
        #expect(throws: SafetensorsError.duplicateName("t")) {
            try Safetensors.encode([("t", tensor), ("t", tensor)])
        }
        #expect(throws: SafetensorsError.reservedName("__metadata__")) {
            try Safetensors.encode([("__metadata__", tensor)])
        }
    }

    @Test func aFileWithoutTensorsIsValid() throws {
        #expect(try Safetensors.decode(Safetensors.encode([])).names.isEmpty)
    }

    /// The example of the format's documentation, byte by byte, with the padding of the reference implementation.
    @Test func bytesOfAnotherWriterAreRead() throws {
        let json =
            #" {"weight":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]},"# + "\n\t"
            + #""bias":{"data_offsets" : [4, 12] ,"shape":[1],"dtype":"F64"},"#
            + #""__metadata__":{"\u0066ormat":"pt\ud83d\ude00"}}  "#
        let file = try Safetensors.decode(
            fixture(String(json.dropFirst()), data: [0, 0x3c, 0, 0xc0] + Array(repeating: 1, count: 8)))
        #expect(file.metadata == ["format": "pt\u{1f600}"])
        #expect(file.tensor("weight")?.floats() == [1, -2])
        #expect(file.entries.map(\.dtype) == ["F16", "F64"])
        #expect(file.tensor("bias") == nil)
        #expect(throws: SafetensorsError.unsupportedElementType(tensor: "bias", dtype: "F64")) {
            try file.requiredTensor("bias")
        }
    }

    @Test func aFileOnDiskIsMappedAndReplacedWhole() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: "weights.safetensors").path
        let old = try Tensor(shape: [300], floats: (0..<300).map { Float($0) })
        let new = try Tensor(shape: [1], floats: [7])
        try SafetensorsFile.write([("t", old)], metadata: ["version": "1"], to: path)
        let mapped = try SafetensorsFile.map(path: path)
        try SafetensorsFile.write([("t", new)], to: path)
        #expect(mapped.tensor("t") == old)
        #expect(mapped.metadata == ["version": "1"])
        #expect(try SafetensorsFile.map(path: path).tensor("t") == new)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["weights.safetensors"])
    }

    @Test func fileErrorsNameThePathAndTheReason() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        #expect(throws: SafetensorsError.file(operation: "open", path: path, reason: "No such file or directory")) {
            try SafetensorsFile.map(path: path)
        }
        #expect(throws: SafetensorsError.self) { try SafetensorsFile.map(path: "/") }
        #expect(throws: SafetensorsError.self) { try SafetensorsFile.map(path: "/dev/null") }
        #expect(throws: SafetensorsError.self) { try SafetensorsFile.write([], to: path + "/absent/file") }
    }
}

/// A file of a given header text and data.
func fixture(_ json: String, data: [UInt8] = []) -> TensorBuffer {
    fixture(Array(json.utf8), data: data)
}

/// A file of given header bytes and data.
func fixture(_ header: [UInt8], data: [UInt8] = []) -> TensorBuffer {
    TensorBuffer(copying: withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + data)
}

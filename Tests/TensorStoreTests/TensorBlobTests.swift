import Tensors
import Testing

@testable import TensorStore

@Suite struct TensorBlobTests {
    /// python: xxh64(struct.pack("<6f", 1, 2, 3, 4, 5, 6), xxh64(b"F32:2,3").intdigest()).hexdigest()
    @Test func theChecksumIsTheOneThatPythonComputes() throws {
        let tensor = try Tensor(shape: [2, 3], floats: [1, 2, 3, 4, 5, 6])
        #expect(TensorBlob.checksum(of: tensor) == "c94a53366f127236")
    }

    @Test func theChecksumCoversTypeShapeAndValues() throws {
        let tensor = try Tensor(shape: [2, 3], elementType: .int16) {
            $0.initializeMemory(as: UInt8.self, repeating: 1)
        }
        let others = try [
            Tensor(shape: [3, 2], elementType: .int16, buffer: tensor.buffer),
            Tensor(shape: [6], elementType: .int16, buffer: tensor.buffer),
            Tensor(shape: [2, 3], elementType: .float16, buffer: tensor.buffer),
            Tensor(shape: [2, 3], elementType: .int16) { $0.initializeMemory(as: UInt8.self, repeating: 2) },
        ]
        let checksums = ([tensor] + others).map { TensorBlob.checksum(of: $0) }
        #expect(Set(checksums).count == 5)
    }

    /// No single changed bit of the whole stored form goes unnoticed, except where it changes nothing that is read.
    @Test func everyChangedBitOfTypeShapeOrValuesIsNoticed() throws {
        let tensor = try Tensor(shape: [2, 2], floats: [1, 2, 3, 4])
        let pieces = TensorBlob(tensor).pieces
        let bytes = pieces.header + pieces.payloads.flatMap { $0.withUnsafeBytes { Array($0) } }
        for index in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[index] ^= 1 << bit
                do {
                    let read = try TensorBlob.tensor(from: TensorBuffer(copying: damaged), key: "k", expected: nil)
                    // White space may change; the tensor may not.
                    try #require(read == tensor, "byte \(index), bit \(bit)")
                } catch let error as TensorStoreError {
                    guard case .corrupt(key: "k", _) = error else {
                        Issue.record("expected corrupt, got \(error)")
                        return
                    }
                }
            }
        }
        #expect(try TensorBlob.tensor(from: TensorBuffer(copying: bytes), key: "k", expected: nil) == tensor)
    }

    @Test func aSafetensorsFileWithoutChecksumIsCorrupt() throws {
        let file = try Safetensors.encode([("tensor", Tensor(shape: [1], floats: [1]))])
        #expect(throws: TensorStoreError.corrupt(key: "k", reason: "it has no xxh64 checksum")) {
            try TensorBlob.tensor(from: file, key: "k", expected: nil)
        }
    }
}

import Tensors

/// The stored form of a tensor: a safetensors file with one tensor, named `tensor`, and its checksum as metadata.
///
/// So `safetensors.numpy.load(redis.get(key))["tensor"]` reads it in Python.
struct TensorBlob {
    static let tensorName = "tensor"
    private static let checksumKey = "checksum"
    private static let algorithmKey = "checksum_algorithm"
    private static let algorithm = "xxh64"

    /// Header and values, the values not copied.
    let pieces: Safetensors.Pieces
    let checksum: String

    var byteCount: Int { pieces.byteCount }

    /// Makes the stored form of a tensor.
    init(_ tensor: Tensor) {
        checksum = Self.checksum(of: tensor)
        do {
            pieces = try Safetensors.pieces(
                [(Self.tensorName, tensor)],
                metadata: [Self.checksumKey: checksum, Self.algorithmKey: Self.algorithm])
        } catch {
            preconditionFailure("one tensor under a fixed name can always be written: \(error)")
        }
    }

    /// Reads a stored form and checks it. The tensor shares the buffer.
    ///
    /// - Parameters:
    ///   - buffer: what lay in the store.
    ///   - key: where it lay, for the error.
    ///   - expected: the checksum that the reader expects, if it knows one.
    /// - Returns: the tensor.
    /// - Throws: `corrupt`.
    static func tensor(
        from buffer: TensorBuffer, key: String, expected: String?
    ) throws(TensorStoreError) -> Tensor {
        let file: SafetensorsFile
        let tensor: Tensor
        do {
            file = try Safetensors.decode(buffer)
            tensor = try file.requiredTensor(tensorName)
        } catch {
            throw .corrupt(key: key, reason: error.description)
        }
        guard file.metadata[algorithmKey] == algorithm, let stored = file.metadata[checksumKey] else {
            throw .corrupt(key: key, reason: "it has no \(algorithm) checksum")
        }
        let computed = checksum(of: tensor)
        guard computed == stored else {
            throw .corrupt(key: key, reason: "expected checksum \(stored), got \(computed)")
        }
        guard expected == nil || expected == computed else {
            throw .corrupt(key: key, reason: "it is another tensor: expected checksum \(expected!), got \(computed)")
        }
        return tensor
    }

    /// XXH64 of the values, seeded with the XXH64 of type and shape (such as `F32:64,64,64`), in hexadecimal.
    static func checksum(of tensor: Tensor) -> String {
        let shape = tensor.shape.map(String.init).joined(separator: ",")
        let seed = Array("\(tensor.elementType.safetensorsName):\(shape)".utf8).withUnsafeBytes { XXHash64.hash($0) }
        let hash = tensor.buffer.withUnsafeBytes { XXHash64.hash($0, seed: seed) }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// The safetensors format: 8 bytes of header length (little-endian), a JSON header, the tensors' bytes.
///
/// Format: https://github.com/huggingface/safetensors#format. Files written here are read by the reference
/// implementation, and the other way round.
package enum Safetensors {
    /// The pieces of a file in their order, the tensors' bytes not copied.
    package struct Pieces: Sendable {
        /// Length field, header and padding; the data begin at a multiple of 64 bytes.
        package let header: [UInt8]
        /// The tensors' bytes.
        package let payloads: [TensorBuffer]
        /// Size of header and payloads together.
        package let byteCount: Int
    }

    /// Writes tensors into one buffer.
    ///
    /// - Parameters:
    ///   - tensors: names and tensors. The wider element types come first in the file, so that all stay aligned.
    ///   - metadata: free text for the header.
    /// - Returns: the whole file.
    /// - Throws: `duplicateName`, `reservedName`.
    package static func encode(
        _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:]
    ) throws(SafetensorsError) -> TensorBuffer {
        let pieces = try pieces(tensors, metadata: metadata)
        return TensorBuffer.filled(count: pieces.byteCount) { destination in
            pieces.header.withUnsafeBytes { destination.copyMemory(from: $0) }
            var offset = pieces.header.count
            for payload in pieces.payloads {
                payload.withUnsafeBytes { bytes in
                    UnsafeMutableRawBufferPointer(rebasing: destination[offset...]).copyMemory(from: bytes)
                }
                offset += payload.count
            }
        }
    }

    /// Makes the header and lists the tensors' bytes behind it, for senders that gather (such as `writev`).
    ///
    /// - Parameters:
    ///   - tensors: names and tensors.
    ///   - metadata: free text for the header.
    /// - Returns: the pieces of the file, in their order.
    /// - Throws: `duplicateName`, `reservedName`.
    package static func pieces(
        _ tensors: [(name: String, tensor: Tensor)], metadata: [String: String] = [:]
    ) throws(SafetensorsError) -> Pieces {
        var names: Set<String> = []
        for (name, _) in tensors {
            guard name != SafetensorsHeader.metadataKey else { throw .reservedName(name) }
            guard names.insert(name).inserted else { throw .duplicateName(name) }
        }
        let ordered = tensors.sorted { left, right in
            (right.tensor.elementType.byteCount, left.name) < (left.tensor.elementType.byteCount, right.name)
        }
        var members: [String] = []
        if !metadata.isEmpty {
            let texts = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            members.append("\"\(SafetensorsHeader.metadataKey)\":{\(texts.joined(separator: ","))}")
        }
        var offset = 0
        for (name, tensor) in ordered {
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            let end = offset + tensor.buffer.count
            members.append(
                "\(quoted(name)):{\"dtype\":\"\(tensor.elementType.safetensorsName)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        let header = framed("{\(members.joined(separator: ","))}")
        return Pieces(
            header: header, payloads: ordered.map(\.tensor.buffer), byteCount: header.count + offset)
    }

    /// Reads a file's header and checks it; the tensors share the buffer.
    ///
    /// - Parameter buffer: the whole file.
    /// - Returns: its tensors, by name.
    /// - Throws: a `SafetensorsError` for everything that a hostile or damaged file may hold.
    package static func decode(_ buffer: TensorBuffer) throws(SafetensorsError) -> SafetensorsFile {
        try SafetensorsFile(buffer)
    }

    /// Puts the length field before the header and pads with spaces, as the format allows.
    private static func framed(_ json: String) -> [UInt8] {
        let lengthFieldSize = 8
        var text = Array(json.utf8)
        let used = (lengthFieldSize + text.count) % TensorBuffer.alignment
        if used > 0 { text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: TensorBuffer.alignment - used)) }
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
    }

    /// A JSON string.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

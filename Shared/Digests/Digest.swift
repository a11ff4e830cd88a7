internal import CLibcrypto

/// A cryptographic digest that is fed piece by piece, by OpenSSL's libcrypto (which uses the CPU's own instructions).
///
/// Not `Sendable`: one digest belongs to one task.
package final class Digest {
    /// The algorithms that the contracts name: SHA-256 for contents, SHA-1 only inside UUIDv5 (RFC 4122).
    package enum Algorithm: Sendable {
        case sha256
        case sha1
    }

    private let context: OpaquePointer

    package init(_ algorithm: Algorithm = .sha256) {
        context = EVP_MD_CTX_new()
        switch algorithm {
        case .sha256: EVP_DigestInit_ex(context, EVP_sha256(), nil)
        case .sha1: EVP_DigestInit_ex(context, EVP_sha1(), nil)
        }
    }

    deinit { EVP_MD_CTX_free(context) }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        EVP_DigestUpdate(context, base, bytes.count)
    }

    package func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    package func update(_ text: String) { update(Array(text.utf8)) }

    /// Ends the digest; it cannot be fed afterwards.
    package func finish() -> [UInt8] {
        var output = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        EVP_DigestFinal_ex(context, &output, &count)
        return Array(output.prefix(Int(count)))
    }

    /// SHA-256 of `bytes` in lower-case hexadecimal.
    package static func sha256Hex(_ bytes: [UInt8]) -> String {
        let digest = Digest()
        digest.update(bytes)
        return hexadecimal(digest.finish())
    }

    /// SHA-256 of `bytes` in lower-case hexadecimal.
    package static func sha256Hex(_ bytes: UnsafeRawBufferPointer) -> String {
        let digest = Digest()
        digest.update(bytes)
        return hexadecimal(digest.finish())
    }

    /// Bytes as lower-case hexadecimal digits.
    package static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text = [UInt8]()
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// A UUID of version 5 (RFC 4122, section 4.3): the same name in the same namespace is always the same UUID.
package struct NameUUID: Sendable, Hashable {
    /// The sixteen bytes, in network order.
    package let bytes: [UInt8]

    /// The namespace of everything that OncoRelay names: UUIDv5 of the DNS namespace and "oncorelay.org".
    package static let oncoRelay = NameUUID(name: "oncorelay.org", namespace: .dns)

    /// RFC 4122's namespace for domain names.
    package static let dns = NameUUID(bytes: [
        0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8,
    ])

    init(bytes: [UInt8]) { self.bytes = bytes }

    package init(name: String, namespace: NameUUID) {
        let digest = Digest(.sha1)
        digest.update(namespace.bytes)
        digest.update(name)
        var bytes = Array(digest.finish().prefix(16))
        bytes[6] = (bytes[6] & 0x0f) | 0x50
        bytes[8] = (bytes[8] & 0x3f) | 0x80
        self.bytes = bytes
    }

    /// The canonical form, lower case: `xxxxxxxx-xxxx-5xxx-xxxx-xxxxxxxxxxxx`.
    package var text: String {
        let digits = Digest.hexadecimal(bytes)
        var parts: [Substring] = []
        var start = digits.startIndex
        for length in [8, 4, 4, 4, 12] {
            let end = digits.index(start, offsetBy: length)
            parts.append(digits[start..<end])
            start = end
        }
        return parts.joined(separator: "-")
    }
}

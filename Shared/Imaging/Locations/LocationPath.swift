import Contracts

/// A location as messages write it, taken apart: `file:relative/path`, `file:/absolute/path`, `file:///absolute/path`,
/// or a bare path. Percent escapes are decoded in the `file:` forms only.
struct LocationPath: Equatable {
    let isAbsolute: Bool
    /// Without empty components and `.`; `..` is kept, for the walk to judge.
    let components: [String]

    /// - Throws: `location-scheme-disabled` for another scheme or a remote host, `invalid-field` for an empty
    ///   location, a zero byte or a broken escape.
    init(_ location: String, subject: String) throws(ImagingError) {
        var path = Array(location.utf8)
        if let scheme = Self.scheme(of: path) {
            guard scheme == "file" else {
                throw ImagingError(
                    .locationSchemeDisabled, subject: subject,
                    "expected a location of scheme file, found \(scheme), which is not enabled here")
            }
            path.removeFirst(scheme.utf8.count + 1)
            path = try Self.withoutHost(path, subject: subject)
            path = try Self.percentDecoded(path, subject: subject)
        }
        guard !path.isEmpty, !path.contains(0), String(validating: path, as: UTF8.self) != nil else {
            throw ImagingError(
                .invalidField, subject: subject, "expected a location in UTF-8 without zero bytes, found none")
        }
        isAbsolute = path.first == UInt8(ascii: "/")
        components = path.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
            .filter { $0 != "." }
    }

    /// RFC 3986: a letter, then letters, digits, `+`, `-`, `.`, up to a colon.
    private static func scheme(of path: [UInt8]) -> String? {
        guard let colon = path.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return nil }
        let name = String(decoding: path[..<colon], as: UTF8.self).lowercased()
        guard let first = name.utf8.first, UInt8(ascii: "a")...UInt8(ascii: "z") ~= first else { return nil }
        let isScheme = name.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"),
                UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return isScheme ? name : nil
    }

    /// `//localhost/path` and `///path` are `/path`; any other host is another machine.
    private static func withoutHost(_ path: [UInt8], subject: String) throws(ImagingError) -> [UInt8] {
        guard path.starts(with: "//".utf8) else { return path }
        let rest = path.dropFirst(2)
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        let host = String(decoding: rest[..<slash], as: UTF8.self).lowercased()
        guard host.isEmpty || host == "localhost" else {
            throw ImagingError(
                .locationSchemeDisabled, subject: subject,
                "expected a file of this machine, found a host's name after file://, which is not enabled here")
        }
        return Array(rest[slash...])
    }

    private static func percentDecoded(_ path: [UInt8], subject: String) throws(ImagingError) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(path.count)
        var index = 0
        while index < path.count {
            if path[index] == UInt8(ascii: "%") {
                guard index + 2 < path.count, let high = hexadecimal(path[index + 1]),
                    let low = hexadecimal(path[index + 2])
                else {
                    throw ImagingError(
                        .invalidField, subject: subject,
                        "expected two hexadecimal digits after each % of a file: location; write a % itself as %25")
                }
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(path[index])
                index += 1
            }
        }
        return decoded
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// Transfer syntaxes (PS3.6, annex A), as far as they decide who can read the pixels.
enum DICOMSyntax {
    static let implicitLittleEndian = "1.2.840.10008.1.2"
    static let explicitLittleEndian = "1.2.840.10008.1.2.1"
    static let deflated = "1.2.840.10008.1.2.1.99"
    static let explicitBigEndian = "1.2.840.10008.1.2.2"
    static let runLength = "1.2.840.10008.1.2.5"

    /// Pixels as they are.
    static func isNative(_ syntax: String) -> Bool {
        [implicitLittleEndian, explicitLittleEndian, explicitBigEndian].contains(syntax)
    }

    /// Losslessly or not: JPEG, JPEG-LS, JPEG 2000, run lengths.
    static func isCompressed(_ syntax: String) -> Bool {
        syntax.hasPrefix("1.2.840.10008.1.2.4.") || syntax == runLength
    }
}

/// Values of DICOM attributes as text and numbers.
enum DICOMText {
    /// Without the padding of spaces and zero bytes. Character sets do not matter for what is kept.
    static func string(_ bytes: some Collection<UInt8>) -> String {
        var text = String(decoding: bytes, as: UTF8.self)[...]
        while let last = text.unicodeScalars.last, last == " " || last == "\0" { text.unicodeScalars.removeLast() }
        while let first = text.unicodeScalars.first, first == " " { text.unicodeScalars.removeFirst() }
        return String(text)
    }

    /// A backslash parts the values of one attribute.
    static func strings(_ bytes: [UInt8]) -> [String] {
        let parts = bytes.split(separator: UInt8(ascii: "\\"), omittingEmptySubsequences: false).map { string($0) }
        return parts == [""] ? [] : parts
    }

    /// Decimal strings (DS) and integer strings (IS); nil where one of them is no finite number.
    static func numbers(_ bytes: [UInt8]) -> [Double]? {
        let numbers = strings(bytes).map { Double($0) }
        guard numbers.allSatisfy({ $0?.isFinite == true }) else { return nil }
        return numbers.compactMap { $0 }
    }
}

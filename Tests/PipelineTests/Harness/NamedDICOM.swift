import Imaging

/// A DICOM slice (explicit little endian) that has a name wherever a file can hold text: in the preamble, the meta
/// header, elements of every textual kind, sequences and their items, private elements, an overlay, and behind the
/// pixels.
struct NamedDICOM {
    let name: String
    private var bytes: [UInt8] = []

    init(_ name: String) { self.name = name }

    /// Kinds whose length has four bytes.
    private static let long: Set<String> = ["OB", "OW", "SQ", "UN", "UC", "UR", "UT"]

    /// The file of one slice of a volume.
    mutating func slice(_ instance: Int, of volume: Volume) -> [UInt8] {
        let preamble = Array(name.utf8)
        bytes = preamble + [UInt8](repeating: 0, count: 128 - preamble.count) + Array("DICM".utf8)
        text(0x0002_0010, "UI", "1.2.840.10008.1.2.1")
        for tag in [0x0002_0013, 0x0002_0016, 0x0002_0017, 0x0002_0018] as [UInt32] {
            text(tag, tag == 0x0002_0013 ? "SH" : "AE", name)
        }
        text(0x0002_0100, "UI", "1.2.3.4.5")
        put(0x0002_0102, "OB", padded(name))
        text(0x0008_0008, "CS", "ORIGINAL\\PRIMARY\\M")
        text(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.4")
        text(0x0008_0018, "UI", "1.2.3.77.\(instance)")
        identification()
        acquisition()
        relationship(instance)
        picture(instance, of: volume)
        return bytes
    }

    /// Groups 0008 to 0010.
    private mutating func identification() {
        text(0x0008_0050, "SH", name)
        text(0x0008_0054, "AE", name)
        text(0x0008_0060, "CS", "MR")
        text(0x0008_0070, "LO", "SIEMENS")
        text(0x0008_0080, "LO", name)
        text(0x0008_0081, "ST", name)
        text(0x0008_0090, "PN", name)
        text(0x0008_0119, "UC", name)
        text(0x0008_0120, "UR", "urn:" + name)
        text(0x0008_1010, "SH", name)
        text(0x0008_1030, "LO", name)
        text(0x0008_103E, "LO", name + " t2_tse")
        for tag in [0x0008_1040, 0x0008_1050, 0x0008_1070, 0x0008_1080, 0x0008_1090] as [UInt32] {
            text(tag, tag == 0x0008_1050 || tag == 0x0008_1070 ? "PN" : "LO", name)
        }
        sequence(0x0008_1110) { $0.text(0x0008_1150, "UI", $0.name) }
        text(0x0008_2111, "ST", name)
        // Private: the creator, a text, bytes, and a sequence.
        text(0x0009_0010, "LO", name)
        text(0x0009_1001, "LT", name)
        put(0x0009_1002, "UN", padded(name))
        sequence(0x0009_1003) { $0.text(0x0009_0010, "LO", $0.name) }
        text(0x0010_0010, "PN", name)
        text(0x0010_0020, "LO", name)
        sequence(0x0010_0024) { $0.text(0x0040_0032, "UT", $0.name) }
        text(0x0010_0030, "DA", name)
        text(0x0010_0032, "TM", name)
        text(0x0010_0040, "CS", name)
        text(0x0010_1000, "LO", name)
        text(0x0010_1001, "PN", name)
        // A sequence within a sequence.
        sequence(0x0010_1002) { item in
            item.text(0x0010_0020, "LO", item.name)
            item.sequence(0x0010_0024) { $0.text(0x0040_0031, "UT", $0.name) }
        }
        text(0x0010_1010, "AS", name)
        text(0x0010_1040, "LO", name)
        text(0x0010_2154, "SH", name)
        text(0x0010_2160, "SH", name)
        text(0x0010_21B0, "LT", name)
        text(0x0010_4000, "LT", name)
    }

    /// Group 0018.
    private mutating func acquisition() {
        text(0x0018_0010, "LO", name)
        text(0x0018_0015, "CS", "PELVIS")
        text(0x0018_0020, "CS", "SE")
        text(0x0018_0024, "SH", name)
        text(0x0018_0050, "DS", "3")
        text(0x0018_0080, "DS", "4000")
        text(0x0018_0081, "DS", "100")
        text(0x0018_1000, "LO", name)
        text(0x0018_1020, "LO", name)
        text(0x0018_1030, "LO", name)
        text(0x0018_1400, "LO", name)
        text(0x0018_4000, "LT", name)
        text(0x0018_9073, "DT", name)
    }

    /// Groups 0020 and 0021.
    private mutating func relationship(_ instance: Int) {
        text(0x0020_000D, "UI", "1.2.3.7")
        text(0x0020_000E, "UI", "1.2.3.77")
        text(0x0020_0010, "SH", name)
        text(0x0020_0011, "IS", "1")
        text(0x0020_0013, "IS", "\(instance)")
        text(0x0020_0032, "DS", "0\\0\\\(3 * instance)")
        text(0x0020_0037, "DS", "1\\0\\0\\0\\1\\0")
        text(0x0020_1040, "LO", name)
        text(0x0020_3401, "CS", name)
        text(0x0020_4000, "LT", name)
    }

    /// Groups 0028 and above.
    private mutating func picture(_ instance: Int, of volume: Volume) {
        let (width, height) = (volume.shape[0], volume.shape[1])
        short(0x0028_0002, 1)
        text(0x0028_0004, "CS", "MONOCHROME2")
        short(0x0028_0010, height)
        short(0x0028_0011, width)
        text(0x0028_0030, "DS", "1\\1")
        short(0x0028_0100, 16)
        short(0x0028_0101, 16)
        short(0x0028_0102, 15)
        short(0x0028_0103, 0)
        text(0x0028_4000, "LT", name)
        // What Siemens keeps its protocol in.
        text(0x0029_0010, "LO", "SIEMENS CSA HEADER")
        put(0x0029_1020, "OB", padded("### ASCCONV BEGIN ###\n tPatientName = \"\(name)\"\n### ASCCONV END ###"))
        text(0x0032_1032, "PN", name)
        text(0x0032_1060, "LO", name)
        text(0x0038_0500, "LO", name)
        text(0x0040_0244, "DA", name)
        text(0x0040_0254, "LO", name)
        sequence(0x0040_0275) { $0.text(0x0040_0007, "LO", $0.name) }
        text(0x0040_1400, "LT", name)
        text(0x0051_1008, "LO", name)
        text(0x4008_0300, "ST", name)
        text(0x6000_1500, "LO", name)
        var pixels: [UInt8] = []
        for j in 0..<height {
            for i in 0..<width {
                let value = Int(max(0, min(4000, volume.value(i, j, instance - 1) ?? 0)))
                pixels += [UInt8(value & 255), UInt8(value >> 8)]
            }
        }
        put(0x7FE0_0010, "OW", pixels)
        put(0xFFFC_FFFC, "OB", padded(name))
    }

    // MARK: - Elements

    private mutating func number<Integer: FixedWidthInteger>(_ value: Integer) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func put(_ tag: UInt32, _ kind: String, _ value: [UInt8]) {
        number(UInt16(tag >> 16))
        number(UInt16(truncatingIfNeeded: tag))
        bytes += Array(kind.utf8)
        if Self.long.contains(kind) {
            number(UInt16(0))
            number(UInt32(value.count))
        } else {
            number(UInt16(value.count))
        }
        bytes += value
    }

    private func padded(_ text: String, with filler: UInt8 = 0x20) -> [UInt8] {
        let bytes = Array(text.utf8)
        return bytes.count % 2 == 0 ? bytes : bytes + [filler]
    }

    private mutating func text(_ tag: UInt32, _ kind: String, _ value: String) {
        put(tag, kind, padded(value, with: kind == "UI" ? 0 : 0x20))
    }

    private mutating func short(_ tag: UInt32, _ value: Int) {
        put(tag, "US", [UInt8(value & 255), UInt8(value >> 8)])
    }

    /// A sequence of one item.
    private mutating func sequence(_ tag: UInt32, _ content: (inout NamedDICOM) -> Void) {
        var item = NamedDICOM(name)
        content(&item)
        var value: [UInt8] = [0xfe, 0xff, 0x00, 0xe0]
        withUnsafeBytes(of: UInt32(item.bytes.count).littleEndian) { value.append(contentsOf: $0) }
        put(tag, "SQ", value + item.bytes)
    }
}

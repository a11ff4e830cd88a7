import Foundation

/// DICOM files made by hand (explicit little endian unless said otherwise): what the reader is to cope with.
struct DICOMFixture {
    enum Syntax: String {
        case explicitLittle = "1.2.840.10008.1.2.1"
        case implicitLittle = "1.2.840.10008.1.2"
        case explicitBig = "1.2.840.10008.1.2.2"
        /// In name only: the bytes are those of explicit little endian.
        case deflated = "1.2.840.10008.1.2.1.99"
    }

    /// An element of the data set; sequences hold items.
    enum Value {
        case text(String, String)
        case short(UInt16)
        case sequence([[(UInt32, Value)]])
        case pixels([UInt16])
    }

    var syntax = Syntax.explicitLittle
    var elements: [UInt32: Value] = [:]

    /// A slice of an MR series: `size × size` pixels of 1 mm whose value is `value` plus their index.
    init(
        series: String = "1.2.826.0.1.3680043.10.1561.9.1", instance: Int, position: (Double, Double, Double),
        orientation: [Double] = [1, 0, 0, 0, 1, 0], size: Int = 16, value: Int = 0, spacing: Double = 3
    ) {
        elements = [
            0x0008_0008: .text("CS", "ORIGINAL\\PRIMARY\\M\\ND"),
            0x0008_0016: .text("UI", "1.2.840.10008.5.1.4.1.1.4"),
            0x0008_0018: .text("UI", "\(series).\(instance)"),
            0x0008_0060: .text("CS", "MR"),
            0x0008_0070: .text("LO", "SIEMENS"),
            0x0018_0020: .text("CS", "SE"),
            0x0018_0023: .text("CS", "2D"),
            0x0018_0050: .text("DS", "\(spacing)"),
            0x0018_0080: .text("DS", "4500"),
            0x0018_0081: .text("DS", "98"),
            0x0018_0088: .text("DS", "\(spacing)"),
            0x0020_000D: .text("UI", "1.2.826.0.1.3680043.10.1561.9"),
            0x0020_000E: .text("UI", series),
            0x0020_0011: .text("IS", "\(series.split(separator: ".").last ?? "1")"),
            0x0020_0012: .text("IS", "1"),
            0x0020_0013: .text("IS", "\(instance)"),
            0x0020_0032: .text("DS", "\(position.0)\\\(position.1)\\\(position.2)"),
            0x0020_0037: .text("DS", orientation.map { "\($0)" }.joined(separator: "\\")),
            0x0028_0002: .short(1),
            0x0028_0004: .text("CS", "MONOCHROME2"),
            0x0028_0010: .short(UInt16(size)),
            0x0028_0011: .short(UInt16(size)),
            0x0028_0030: .text("DS", "1\\1"),
            0x0028_0100: .short(16),
            0x0028_0101: .short(16),
            0x0028_0102: .short(15),
            0x0028_0103: .short(0),
            0x7FE0_0010: .pixels((0..<size * size).map { UInt16(truncatingIfNeeded: value + $0) }),
        ]
    }

    /// An enhanced multi-frame image of parallel slices `spacing` mm apart.
    init(enhanced slices: Int, series: String = "1.2.826.0.1.3680043.10.1561.9.7", size: Int = 16, spacing: Double = 3)
    {
        self.init(series: series, instance: 1, position: (0, 0, 0), size: size, spacing: spacing)
        for tag in [0x0020_0032, 0x0020_0037, 0x0028_0030, 0x0018_0050, 0x0018_0088] as [UInt32] { elements[tag] = nil }
        elements[0x0008_0016] = .text("UI", "1.2.840.10008.5.1.4.1.1.4.1")
        elements[0x0028_0008] = .text("IS", "\(slices)")
        elements[0x5200_9229] = .sequence([
            [
                (0x0020_9116, .sequence([[(0x0020_0037, .text("DS", "1\\0\\0\\0\\1\\0"))]])),
                (
                    0x0028_9110,
                    .sequence([[(0x0018_0050, .text("DS", "\(spacing)")), (0x0028_0030, .text("DS", "1\\1"))]])
                ),
            ]
        ])
        elements[0x5200_9230] = .sequence(
            (0..<slices).map { index in
                [
                    (
                        0x0020_9113,
                        .sequence([[(0x0020_0032, .text("DS", "-8\\-8\\\(Double(index) * spacing)"))]])
                    )
                ]
            })
        elements[0x7FE0_0010] = .pixels(
            (0..<slices * size * size).map { UInt16(truncatingIfNeeded: $0 / (size * size) * 100 + $0 % (size * size)) }
        )
    }

    var bytes: [UInt8] {
        var meta = Writer(isImplicit: false, isBigEndian: false)
        meta.put(0x0002_0001, .text("OB", "\u{0}\u{1}"))
        meta.put(0x0002_0002, .text("UI", "1.2.840.10008.5.1.4.1.1.4"))
        meta.put(0x0002_0003, .text("UI", "1.2.3"))
        meta.put(0x0002_0010, .text("UI", syntax.rawValue))
        var set = Writer(isImplicit: syntax == .implicitLittle, isBigEndian: syntax == .explicitBig)
        for (tag, value) in elements.sorted(by: { $0.key < $1.key }) { set.put(tag, value) }
        var length = Writer(isImplicit: false, isBigEndian: false)
        length.put(0x0002_0000, .text("UL", String(decoding: [UInt8](repeating: 0, count: 4), as: UTF8.self)))
        var group = length.bytes
        withUnsafeBytes(of: UInt32(meta.bytes.count).littleEndian) { group.replaceSubrange(8..<12, with: $0) }
        return [UInt8](repeating: 0, count: 128) + Array("DICM".utf8) + group + meta.bytes + set.bytes
    }

    /// Writes slices as files of a new folder.
    static func write(_ images: [DICOMFixture], to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (index, image) in images.enumerated() {
            try Data(image.bytes).write(to: URL(fileURLWithPath: "\(folder)/image-\(index).dcm"))
        }
    }

    private struct Writer {
        let isImplicit: Bool
        let isBigEndian: Bool
        var bytes: [UInt8] = []

        mutating func number<Integer: FixedWidthInteger>(_ value: Integer) {
            withUnsafeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian) { bytes.append(contentsOf: $0) }
        }

        mutating func put(_ tag: UInt32, _ value: Value) {
            number(UInt16(tag >> 16))
            number(UInt16(truncatingIfNeeded: tag))
            var content = Writer(isImplicit: isImplicit, isBigEndian: isBigEndian)
            let representation: String
            switch value {
            case .text(let kind, let text):
                representation = kind
                content.bytes = Array(text.utf8)
                if content.bytes.count % 2 == 1 { content.bytes.append(kind == "UI" ? 0 : 0x20) }
            case .short(let short):
                representation = "US"
                content.number(short)
            case .pixels(let pixels):
                representation = "OW"
                for pixel in pixels { content.number(pixel) }
            case .sequence(let items):
                representation = "SQ"
                for item in items {
                    var inner = Writer(isImplicit: isImplicit, isBigEndian: isBigEndian)
                    for (tag, value) in item { inner.put(tag, value) }
                    content.number(UInt16(0xFFFE))
                    content.number(UInt16(0xE000))
                    content.number(UInt32(inner.bytes.count))
                    content.bytes += inner.bytes
                }
            }
            if isImplicit {
                number(UInt32(content.bytes.count))
            } else {
                bytes += Array(representation.utf8)
                if ["OB", "OW", "SQ", "UN", "UT"].contains(representation) {
                    number(UInt16(0))
                    number(UInt32(content.bytes.count))
                } else {
                    number(UInt16(content.bytes.count))
                }
            }
            bytes += content.bytes
        }
    }
}

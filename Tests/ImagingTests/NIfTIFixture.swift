import Contracts
import Foundation
import Imaging

/// Makes NIfTI files field by field, valid unless a test breaks them.
struct NIfTIFixture {
    enum Version: CaseIterable {
        case one
        case two
    }

    var version = Version.one
    var isBigEndian = false
    var shape = [5, 4, 3]
    var datatype = 4
    var bitsPerVoxel = 16
    var spacings: [Double] = [1, 2, 2.5, 3, 1, 1, 1, 1]
    var slope = 1.0
    var intercept = 0.0
    var units = 2
    var qformCode = 0
    var sformCode = 1
    var quaternion: [Double] = [0, 0, 0, 0, 0, 0]
    var sform: [Double] = [2, 0, 0, -10, 0, 2.5, 0, -20, 0, 0, 3, -30]
    /// Bytes between the header's end and the voxels, beyond the four that announce extensions.
    var extensionBytes = 0
    /// The voxels, already in the file's type and byte order; nil for a ramp 0, 1, 2, … of int16.
    var voxels: [UInt8]?

    var headerBytes: Int { version == .one ? 348 : 540 }
    var voxelOffset: Int { headerBytes + 4 + extensionBytes }

    func integer<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: isBigEndian ? value.bigEndian : value.littleEndian) { Array($0) }
    }

    func float(_ value: Double) -> [UInt8] { integer(Float(value).bitPattern) }

    func double(_ value: Double) -> [UInt8] { integer(value.bitPattern) }

    /// Replaces bytes at an offset.
    static func put(_ new: [UInt8], at offset: Int, in bytes: inout [UInt8]) {
        bytes.replaceSubrange(offset..<offset + new.count, with: new)
    }

    var bytes: [UInt8] {
        var header = [UInt8](repeating: 0, count: voxelOffset)
        let dimensions = [shape.count] + shape + Array(repeating: 1, count: 7 - shape.count)
        switch version {
        case .one:
            Self.put(integer(Int32(348)), at: 0, in: &header)
            for (index, extent) in dimensions.enumerated() {
                Self.put(integer(Int16(extent)), at: 40 + 2 * index, in: &header)
            }
            Self.put(integer(Int16(datatype)), at: 70, in: &header)
            Self.put(integer(Int16(bitsPerVoxel)), at: 72, in: &header)
            for (index, spacing) in spacings.enumerated() { Self.put(float(spacing), at: 76 + 4 * index, in: &header) }
            Self.put(float(Double(voxelOffset)), at: 108, in: &header)
            Self.put(float(slope), at: 112, in: &header)
            Self.put(float(intercept), at: 116, in: &header)
            header[123] = UInt8(units)
            Self.put(integer(Int16(qformCode)), at: 252, in: &header)
            Self.put(integer(Int16(sformCode)), at: 254, in: &header)
            for (index, value) in quaternion.enumerated() { Self.put(float(value), at: 256 + 4 * index, in: &header) }
            for (index, value) in sform.enumerated() { Self.put(float(value), at: 280 + 4 * index, in: &header) }
            Self.put(Array("n+1\0".utf8), at: 344, in: &header)
        case .two:
            Self.put(integer(Int32(540)), at: 0, in: &header)
            Self.put([0x6e, 0x2b, 0x32, 0, 0x0d, 0x0a, 0x1a, 0x0a], at: 4, in: &header)
            Self.put(integer(Int16(datatype)), at: 12, in: &header)
            Self.put(integer(Int16(bitsPerVoxel)), at: 14, in: &header)
            for (index, extent) in dimensions.enumerated() {
                Self.put(integer(Int64(extent)), at: 16 + 8 * index, in: &header)
            }
            for (index, spacing) in spacings.enumerated() {
                Self.put(double(spacing), at: 104 + 8 * index, in: &header)
            }
            Self.put(integer(Int64(voxelOffset)), at: 168, in: &header)
            Self.put(double(slope), at: 176, in: &header)
            Self.put(double(intercept), at: 184, in: &header)
            Self.put(integer(Int32(qformCode)), at: 344, in: &header)
            Self.put(integer(Int32(sformCode)), at: 348, in: &header)
            for (index, value) in quaternion.enumerated() { Self.put(double(value), at: 352 + 8 * index, in: &header) }
            for (index, value) in sform.enumerated() { Self.put(double(value), at: 400 + 8 * index, in: &header) }
            Self.put(integer(Int32(units)), at: 500, in: &header)
        }
        return header + (voxels ?? (0..<shape.reduce(1, *)).flatMap { integer(Int16($0)) })
    }

    /// Offsets of fields that tests break: version 1, version 2.
    func offset(_ first: Int, _ second: Int) -> Int { version == .one ? first : second }

    /// A floating-point field of the header's own width.
    func real(_ value: Double) -> [UInt8] { version == .one ? float(value) : double(value) }
}

/// A folder that lives as long as the test.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("oncorelay-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.resolvingSymlinksInPath().path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, with the folders on the way to it, and returns its path.
    @discardableResult
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let file = URL(fileURLWithPath: path).appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return file.path
    }
}

/// Writes the bytes as a file and reads them as a volume.
func load(_ bytes: [UInt8], name: String = "image.nii", limits: NIfTILimits = NIfTILimits()) throws -> LoadedVolume {
    let folder = try TemporaryFolder()
    return try NIfTIReader(limits: limits).read(path: folder.write(bytes, name), subject: "series 1 (T1)")
}

/// The reason for which the bytes are refused; nil where they are read.
func refusal(
    of bytes: [UInt8], name: String = "image.nii", limits: NIfTILimits = NIfTILimits()
) throws -> ReasonCode? {
    do {
        _ = try load(bytes, name: name, limits: limits)
        return nil
    } catch let error as ImagingError {
        return error.code
    }
}

/// A reason for which a closure throws.
func reason(_ body: () throws -> Void) throws -> ReasonCode? {
    do {
        try body()
        return nil
    } catch let error as ImagingError {
        return error.code
    }
}

import Contracts
import Imaging
import Tensors

extension BadInput {
    /// Files that are no usable image.
    static let images: [BadInput] =
        truncations + [
            .image("one byte too many", .niftiOversized) { $0.append(0) },
            .image("one byte too many inside gzip", .niftiOversized, isCompressed: true) { $0.append(0) },
            .file("bytes after the gzip member", .gzipCorrupt, ".nii.gz") { try $0.bytes("brain/t1.nii.gz") + [0] },
            .file("a wrong checksum inside gzip", .gzipCorrupt, ".nii.gz") { folder in
                var bytes = try folder.bytes("brain/t1.nii.gz")
                bytes[bytes.count - 8] ^= 1
                return bytes
            },
            .file("two gzip members", .gzipCorrupt, ".nii.gz") { folder in
                let bytes = try folder.bytes("brain/t1.nii.gz")
                return bytes + bytes
            },
            .image("a bomb behind a small header", .niftiOversized, isCompressed: true) {
                $0 += [UInt8](repeating: 0, count: 32 << 20)
            },
            .image("voxels that begin nowhere", .niftiHeaderInvalid) { $0.put(Float.nan.bitPattern, at: 108) },
            .image("200 axes", .niftiDimensionsInvalid) { $0.put(Int16(200), at: 40) },
            .file("an uncompressed file named .gz", .gzipCorrupt, ".nii.gz") { try $0.plainBytes() },
            .file("a text named .nii", .niftiHeaderInvalid, ".nii") { _ in
                Array(repeating: UInt8(ascii: "x"), count: 500)
            },
            .file("an image of a kind that nobody reads", .imageFormatUnsupported, ".bmp") { _ in Array("BM".utf8) },
            .file("a picture that ends after its first bytes", .pictureCorrupt, ".png") { _ in
                Array("\u{89}PNG".utf8)
            },
            .image("no voxels along an axis", .niftiDimensionsInvalid) { $0.put(Int16(0), at: 44) },
            .image("a negative extent", .niftiDimensionsInvalid) { $0.put(Int16(-24), at: 42) },
            .image("an extent beyond all reason", .niftiDimensionsInvalid) { $0.put(Int16.max, at: 46) },
            .image("2 GiB of voxels", .fileTooLarge) { bytes in
                for axis in 0..<3 { bytes.put(Int16(1024), at: 42 + 2 * axis) }
            },
            .image("2 GiB of voxels inside gzip", .fileTooLarge, isCompressed: true) { bytes in
                for axis in 0..<3 { bytes.put(Int16(1024), at: 42 + 2 * axis) }
            },
            .image("a time series", .niftiDimensionsInvalid) { bytes in
                bytes.put(Int16(4), at: 40)
                bytes.put(Int16(2), at: 48)
            },
            .image("complex voxels", .niftiTypeUnsupported) { bytes in
                bytes.put(Int16(32), at: 70)
                bytes.put(Int16(64), at: 72)
            },
            .image("voxels that are not a number", .voxelsNonFinite, asFloats: true) {
                $0.put(Float.nan.bitPattern, at: 352 + 4 * 777)
            },
            .image("infinite voxels inside gzip", .voxelsNonFinite, isCompressed: true, asFloats: true) {
                $0.put(Float.infinity.bitPattern, at: 352 + 4 * 778)
            },
            .image("an affine that is not a number", .affineInvalid) { $0.put(Float.nan.bitPattern, at: 280) },
            .image("an infinite affine", .affineInvalid) { $0.put((-Float.infinity).bitPattern, at: 308) },
            .image("a flat affine", .affineInvalid) { bytes in
                for column in 0..<4 { bytes.put(Float(0).bitPattern, at: 296 + 4 * column) }
            },
            .image("no spacing", .niftiHeaderInvalid) { $0.put(Float(0).bitPattern, at: 80) },
        ]

    /// Files that end too early, wherever that is.
    private static let truncations: [BadInput] =
        [0, 3, 100, 348, 352].map { count in
            .image("truncated to \(count) bytes", .niftiTruncated) { $0.removeLast($0.count - count) }
        } + [
            .image("truncated in the middle", .niftiTruncated) { $0.removeLast($0.count / 2) },
            .image("truncated by one byte", .niftiTruncated) { $0.removeLast() },
            .image("truncated by one byte inside gzip", .niftiTruncated, isCompressed: true) { $0.removeLast() },
        ]
        + [0, 1, 10, 40].map { count in
            .file("gzip truncated to \(count) bytes", .niftiTruncated, ".nii.gz") {
                Array(try $0.bytes("brain/t1.nii.gz").prefix(count))
            }
        } + [
            .file("gzip truncated in the middle", .niftiTruncated, ".nii.gz") { folder in
                let bytes = try folder.bytes("brain/t1.nii.gz")
                return Array(bytes.prefix(bytes.count / 2))
            },
            .file("gzip truncated in its checksum", .niftiTruncated, ".nii.gz") {
                try $0.bytes("brain/t1.nii.gz").dropLast(6)
            },
        ]

    /// Another T1, made of the phantom's uncompressed bytes.
    private static func image(
        _ name: String, _ code: ReasonCode, isCompressed: Bool = false, asFloats: Bool = false,
        _ change: @escaping @Sendable (inout [UInt8]) -> Void
    ) -> BadInput {
        .study(name, code, naming: "series[0] (T1)") { study, folder in
            var volume = try folder.volume("brain/t1.nii.gz")
            if asFloats {
                volume = try Volume(tensor: volume.tensor.converted(to: .float32), affine: volume.affine)
            }
            var bytes = try NIfTIWriter.encoded(volume)
            change(&bytes)
            study.series[0].location =
                isCompressed
                ? try folder.writeCompressed(bytes, folder.fresh("bad.nii.gz"))
                : try folder.write(bytes, folder.fresh("bad.nii"))
        }
    }

    /// Another T1, whatever it is.
    private static func file(
        _ name: String, _ code: ReasonCode, _ ending: String,
        _ bytes: @escaping @Sendable (StudyFolder) throws -> [UInt8]
    ) -> BadInput {
        .study(name, code, naming: "series[0] (T1)") { study, folder in
            study.series[0].location = try folder.write(try bytes(folder), folder.fresh("bad" + ending))
        }
    }

    /// Regions that are not in the images.
    static let regions: [BadInput] = [
        .mask("a mask of another shape", .maskGeometryMismatch) { volume in
            try volume.crop(columns: 2..<20, rows: 2..<20, slice: 5).labelMap { _, _, _ in 1 }
        },
        .mask("a mask in another place", .maskGeometryMismatch) { volume in
            var affine = volume.affine
            affine.translation.x += 5
            return try Volume(tensor: try volume.labelMap { _, _, _ in 1 }.tensor, affine: affine)
        },
        .mask("a mask of another spacing", .maskGeometryMismatch) { volume in
            let tensor = try volume.labelMap { _, _, _ in 1 }.tensor
            return try Volume(
                tensor: tensor, affine: Affine(spacing: Point(7, 8, 8), origin: volume.affine.translation))
        },
        .mask("an empty mask", .maskEmpty) { try $0.labelMap { _, _, _ in 0 } },
        .mask("a mask without labels that is empty", .maskEmpty, labels: nil) { try $0.labelMap { _, _, _ in 0 } },
        .mask("a mask of fractions", .imageFormatUnsupported) { volume in
            let values = [Float](repeating: 0.5, count: volume.voxelCount)
            return try Volume(tensor: try Tensor(shape: volume.tensor.shape, floats: values), affine: volume.affine)
        },
        .mask("a mask of two thousand specks", .tooManyRegions, labels: nil) {
            try $0.labelMap { i, j, k in i % 2 == 0 && j % 2 == 0 && k % 2 == 0 ? 1 : 0 }
        },
        .study("a label that the mask lacks", .maskLabelMissing, naming: "label 9") { study, _ in
            study.regions?.mask?.labels = [1, 9]
        },
        .study("a mask that is not there", .fileMissing, naming: "regions.mask") { study, _ in
            study.regions?.mask?.location = "file:brain/no-mask.nii.gz"
        },
        .study("a mask that is cut short", .niftiTruncated, naming: "regions.mask") { study, folder in
            let bytes = try folder.bytes("brain/mask.nii.gz")
            study.regions?.mask?.location = try folder.write(Array(bytes.dropLast(20)), folder.fresh("mask.nii.gz"))
        },
        .box("a voxel box outside the volume", .boxOutsideVolume, [100, 100, 100], [120, 120, 120]),
        .box("a voxel box that stands out", .boxOutsideVolume, [20, 10, 10], [26, 12, 12]),
        .box("a world box outside the volume", .boxOutsideVolume, [500, 0, 0], [520, 20, 20], frame: .world),
        .box("an inverted box", .boxInvalid, [12, 12, 12], [8, 14, 14]),
        .box("a world box without extent", .boxInvalid, [10, 10, 10], [10, 20, 20], frame: .world),
        .box("a box of two numbers", .boxInvalid, [1, 2], [3, 4]),
        .box("a voxel box of no series", .boxInvalid, [1, 2, 3], [4, 5, 6], series: nil),
        .box("a voxel box of a series that is not there", .boxInvalid, [1, 2, 3], [4, 5, 6], series: 9),
        .study("no boxes", .regionsMissing, naming: "regions.boxes") { study, _ in
            study.regions = SubmittedRegions(boxes: [])
        },
        .study("257 boxes", .tooManyRegions, naming: "regions.boxes") { study, _ in
            let box = RegionBox(frame: .voxel, series: 0, minimum: [8, 8, 8], maximum: [9, 9, 9])
            study.regions = SubmittedRegions(boxes: Array(repeating: box, count: 257))
        },
    ]

    private static func mask(
        _ name: String, _ code: ReasonCode, labels: [Int]? = [1],
        _ make: @escaping @Sendable (Volume) throws -> Volume
    ) -> BadInput {
        .study(name, code, naming: "mask") { study, folder in
            let mask = try make(try folder.volume("brain/t1.nii.gz"))
            study.regions = SubmittedRegions(
                mask: RegionMask(location: try folder.write(mask, folder.fresh("mask.nii.gz")), labels: labels))
        }
    }

    private static func box(
        _ name: String, _ code: ReasonCode, _ minimum: [Double], _ maximum: [Double],
        frame: RegionBox.Frame = .voxel, series: Int? = 0
    ) -> BadInput {
        .study(name, code, naming: "box") { study, _ in
            study.regions = SubmittedRegions(
                boxes: [
                    RegionBox(
                        id: "lesion", frame: frame, series: frame == .voxel ? series : nil, minimum: minimum,
                        maximum: maximum)
                ])
        }
    }
}

extension [UInt8] {
    /// Writes a number as little-endian bytes, as our own files have them.
    fileprivate mutating func put<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
        let bytes = Swift.withUnsafeBytes(of: value.littleEndian) { Array($0) }
        replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
}

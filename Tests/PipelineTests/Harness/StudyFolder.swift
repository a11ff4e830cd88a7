import Contracts
import Digests
import Foundation
import Imaging
import Synchronization
import Tensors
import TestSupport

/// A site's disk: a root with phantoms, a place outside of it, models and heat maps. Lives as long as its test.
final class StudyFolder: Sendable {
    let path: String
    private let count = Atomic(0)
    var root: String { path + "/root" }
    var outside: String { path + "/outside" }
    var models: String { path + "/models" }
    var heatmaps: String { path + "/heatmaps" }

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "oncorelay-pipeline-\(UUID().uuidString)")
        for name in ["root", "outside", "heatmaps"] {
            try FileManager.default.createDirectory(at: url.appending(path: name), withIntermediateDirectories: true)
        }
        path = url.resolvingSymlinksInPath().path
        for phantom in [Phantom.brain, .node] { try phantom.write(to: root) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    // MARK: - Studies

    /// A brain study of five sequences with a mask of one lesion.
    func brainStudy(_ uid: String) throws -> StudySubmitted { try study(.brain, uid) }

    /// A pelvis with a mask of two lymph nodes.
    func nodeStudy(_ uid: String) throws -> StudySubmitted { try study(.node, uid) }

    private func study(_ phantom: Phantom, _ uid: String) throws -> StudySubmitted {
        var study = phantom.study
        study.studyInstanceUID = uid
        return study
    }

    /// One of the phantoms' volumes.
    func volume(_ name: String) throws -> Volume { try NIfTIReader().read(path: "\(root)/\(name)").volume }

    // MARK: - Files

    /// A name that no other file has, beneath a folder of its own.
    func fresh(_ name: String) -> String { "\(count.add(1, ordering: .relaxed).newValue)/\(name)" }

    /// Writes a file beneath the root, and returns its location.
    @discardableResult
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let url = URL(fileURLWithPath: "\(root)/\(name)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
        return "file:\(name)"
    }

    @discardableResult
    func write(_ volume: Volume, _ name: String) throws -> String {
        let url = URL(fileURLWithPath: "\(root)/\(name)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try NIfTIWriter.write(volume, to: url.path)
        return "file:\(name)"
    }

    /// Writes bytes compressed, by another gzip than ours; `name` ends in .gz.
    func writeCompressed(_ bytes: [UInt8], _ name: String) throws -> String {
        let plain = String(name.dropLast(3))
        try write(bytes, plain)
        try Tool.run("gzip", ["-n", "-f", "\(root)/\(plain)"])
        return "file:\(name)"
    }

    func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(name)")))
    }

    /// SHA-256 of the file behind a location.
    func sha256(_ location: String) throws -> String {
        let path = location.replacing("file://", with: "").replacing("file:", with: "")
        let file = path.hasPrefix("/") ? path : "\(root)/\(path)"
        return Digest.sha256Hex(Array(try Data(contentsOf: URL(fileURLWithPath: file))))
    }

    /// A volume of the phantom as an uncompressed file's bytes.
    func plainBytes(_ name: String = "brain/t1.nii.gz") throws -> [UInt8] { try NIfTIWriter.encoded(try volume(name)) }
}

/// Phantoms, made once in this process.
private struct Phantom: Sendable {
    let study: StudySubmitted
    private let files: [String: [UInt8]]

    static let brain = make(.brainMetastasis, "brain", regions: 1)
    static let node = make(.lymphNode, "node", regions: 2)

    private static func make(_ task: ClinicalTask, _ name: String, regions: Int) -> Phantom {
        let folder = FileManager.default.temporaryDirectory.appending(path: "oncorelay-phantom-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            let study = try PhantomStudy(task: task, seed: 11, size: .tiny, regionCount: regions)
                .write(to: folder.path, name: name)
            var files: [String: [UInt8]] = [:]
            for file in try FileManager.default.contentsOfDirectory(atPath: folder.path + "/" + name) {
                files["\(name)/\(file)"] = Array(try Data(contentsOf: folder.appending(path: "\(name)/\(file)")))
            }
            return Phantom(study: study, files: files)
        } catch {
            fatalError("the tests' phantom cannot be made: \(error)")
        }
    }

    func write(to root: String) throws {
        for (name, bytes) in files {
            let url = URL(fileURLWithPath: "\(root)/\(name)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: url)
        }
    }
}

extension Volume {
    /// A label map on this volume's grid, from what each voxel's label is.
    func labelMap(_ label: (_ i: Int, _ j: Int, _ k: Int) -> UInt8) throws -> Volume {
        var labels: [UInt8] = []
        labels.reserveCapacity(voxelCount)
        for k in 0..<shape[2] {
            for j in 0..<shape[1] {
                for i in 0..<shape[0] { labels.append(label(i, j, k)) }
            }
        }
        let tensor = try Tensor(
            shape: shape.reversed(), elementType: .uint8, buffer: TensorBuffer(copying: labels))
        return try Volume(tensor: tensor, affine: affine)
    }

    /// Some of one slice as an image of its own, in its place.
    func crop(columns: Range<Int>, rows: Range<Int>, slice: Int) throws -> Volume {
        let bytes = tensor.elementType.byteCount
        var pixels: [UInt8] = []
        tensor.buffer.withUnsafeBytes { all in
            for row in rows {
                let start = ((slice * shape[1] + row) * shape[0] + columns.lowerBound) * bytes
                pixels += all[start..<start + columns.count * bytes]
            }
        }
        var moved = affine
        moved.translation = affine.apply(
            Point(Double(columns.lowerBound), Double(rows.lowerBound), Double(slice)))
        let tensor = try Tensor(
            shape: [1, rows.count, columns.count], elementType: tensor.elementType,
            buffer: TensorBuffer(copying: pixels))
        return try Volume(tensor: tensor, affine: moved, slope: slope, intercept: intercept)
    }
}

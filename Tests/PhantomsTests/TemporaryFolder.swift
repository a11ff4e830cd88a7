import Foundation
import Imaging
import Tensors

/// A place for a cohort, removed with all that lies beside it when the test ends.
final class TemporaryFolder: Sendable {
    private let parent: URL
    var url: URL { parent.appending(path: "cohort") }
    var path: String { url.path }

    init() {
        parent = FileManager.default.temporaryDirectory.appending(path: "oncorelay-cohort-\(UUID().uuidString)")
        try? FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: parent) }

    /// What lies where the cohort was to be, under any name.
    var siblings: [String] { (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? [] }
}

extension Volume {
    var voxelBytes: [UInt8] { tensor.buffer.withUnsafeBytes { Array($0) } }
}

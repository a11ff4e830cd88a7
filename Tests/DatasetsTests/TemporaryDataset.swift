import Datasets
import Foundation

/// A copy of a fixture that a test may damage; removed when the test ends.
final class TemporaryDataset {
    let root: URL

    init(_ fixture: String) throws {
        root = FileManager.default.temporaryDirectory.appending(path: "oncorelay-dataset-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Self.fixture(fixture), to: root)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    static func fixture(_ name: String) throws -> URL {
        guard let folder = Bundle.module.url(forResource: "Fixtures", withExtension: nil) else {
            throw CocoaError(.fileNoSuchFile)
        }
        return folder.appending(path: name)
    }

    func text(_ path: String) throws -> String { try String(contentsOf: root.appending(path: path), encoding: .utf8) }

    func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: root.appending(path: path))
    }

    func replace(_ old: String, with new: String, in path: String) throws {
        try write(try text(path).replacingOccurrences(of: old, with: new), to: path)
    }

    func remove(_ path: String) throws { try FileManager.default.removeItem(at: root.appending(path: path)) }

    func truncate(_ path: String, to count: Int) throws {
        let file = root.appending(path: path)
        try Data(contentsOf: file).prefix(count).write(to: file)
    }

    /// All that the reader finds wrong.
    func problems(_ reader: DatasetReader = DatasetReader()) -> [DatasetProblem] {
        do {
            _ = try reader.read(root)
            return []
        } catch {
            return error.problems
        }
    }
}

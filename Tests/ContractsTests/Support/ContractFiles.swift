import Foundation

/// The published contract's files, found from this file's own place in the repository.
enum ContractFiles {
    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "ops/contracts")
    static let examples = folder.appending(path: "examples")

    /// Names of the examples that are complete events, without `.json`.
    static let events = names(in: examples).filter { !$0.hasSuffix(".bare") && !$0.hasPrefix("model.") }
    /// Names of the examples that are the bare data of a study.submitted.
    static let bareSubmissions = names(in: examples).filter { $0.hasSuffix(".bare") }
    /// Names of the examples that must be refused.
    static let invalid = names(in: examples.appending(path: "invalid"))

    static func example(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: examples.appending(path: name + ".json")))
    }

    static func schema(_ name: String) throws -> JSONNode {
        let data = try Data(contentsOf: folder.appending(path: "schemas/\(name).schema.json"))
        return try JSONDecoder().decode(JSONNode.self, from: data)
    }

    /// An example that must be refused, and how.
    struct InvalidCase: Decodable {
        struct Expected: Decodable {
            var code: String
            var `class`: String
            var field: String
        }
        var contentType: String
        var expected: Expected
        var body: JSONNode?
        var text: String?

        var bytes: [UInt8] { text.map { Array($0.utf8) } ?? (body ?? .null).bytes }
    }

    static func invalidCase(_ name: String) throws -> InvalidCase {
        let data = try Data(contentsOf: examples.appending(path: "invalid/\(name).json"))
        // `"body": null` would be decoded as absent; no case needs it.
        return try JSONDecoder().decode(InvalidCase.self, from: data)
    }

    private static func names(in folder: URL) -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []
        return files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
    }
}

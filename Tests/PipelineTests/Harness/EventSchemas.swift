import Foundation
import TestSupport
import Testing

/// The published schemas, and a validator that is independent of us.
enum EventSchemas {
    private static let python = ProcessInfo.processInfo.environment["ONCORELAY_PYTHON"] ?? "python3"
    private static let hasValidator = (try? Tool.run(python, ["-c", "import jsonschema, referencing"])) != nil

    static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Checks every event that was emitted against its schema.
    static func expectValid(_ events: [RecordedEvent], _ location: SourceLocation = #_sourceLocation) throws {
        guard hasValidator else {
            print("skipped: events are not checked against the schemas: ops/test installs Python's jsonschema")
            return
        }
        #expect(!events.isEmpty, sourceLocation: location)
        let file = FileManager.default.temporaryDirectory.appending(path: "events-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        try events.map { String(decoding: $0.body, as: UTF8.self) }.joined(separator: "\n")
            .write(to: file, atomically: true, encoding: .utf8)
        let script = repository.appending(path: "ops/contracts/validate.py").path
        do {
            try Tool.run(python, [script, "--quiet", "--events", file.path])
        } catch {
            Issue.record("\(error)", sourceLocation: location)
        }
    }
}

import Foundation
import TestSupport

/// The Python that tests use for what must be independent of us.
enum PythonTools {
    static let python = ProcessInfo.processInfo.environment["ONCORELAY_PYTHON"] ?? "python3"
    static let hasSchemaValidator = has("jsonschema, yaml, referencing")
    static let hasPika = has("pika")
    static let reason = "Python's packages are not installed; ops/test installs them and sets ONCORELAY_PYTHON"

    static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static func has(_ modules: String) -> Bool {
        (try? Tool.run(python, ["-c", "import \(modules)"])) != nil
    }
}

import Foundation
import Testing

/// `ops/contracts/validate.py`, run with the Python of `ONCORELAY_PYTHON` or `python3`.
enum SchemaValidator {
    static let python = ProcessInfo.processInfo.environment["ONCORELAY_PYTHON"] ?? "python3"
    static let skipReason: Comment =
        "\(python) cannot import jsonschema and yaml; set ONCORELAY_PYTHON to one that can"

    /// Whether there is a Python that can validate.
    static let isAvailable: Bool = {
        let answer = try? run([python, "-c", "import jsonschema, yaml"])
        return answer?.status == 0
    }()

    struct Answer {
        var status: Int32
        var output: String
        var errors: String

        /// Numbers (from 1) of the lines of a `.jsonl` file that were found wrong.
        var wrongLines: Set<Int> {
            Set(
                errors.split(separator: "\n").compactMap {
                    $0.firstMatch(of: #/\.jsonl:(\d+): /#).flatMap { Int($0.1) }
                })
        }
    }

    static func validate(_ arguments: [String]) throws -> Answer {
        try run([python, ContractFiles.folder.appending(path: "validate.py").path()] + arguments)
    }

    /// Validates lines of JSON with `options` (which end in the option that takes a file).
    static func validate(lines: [[UInt8]], _ options: [String]) throws -> Answer {
        let file = FileManager.default.temporaryDirectory.appending(path: "contract-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(lines.joined(separator: [UInt8(ascii: "\n")])).write(to: file)
        return try validate(options + [file.path()])
    }

    private static func run(_ command: [String]) throws -> Answer {
        let folder = FileManager.default.temporaryDirectory.appending(path: "contract-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
        // Files, not pipes: a long answer would fill a pipe that nobody reads.
        var files: [URL] = []
        for name in ["output", "errors"] {
            let file = folder.appending(path: name)
            try Data().write(to: file)
            files.append(file)
        }
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
        process.waitUntilExit()
        return Answer(
            status: process.terminationStatus, output: String(decoding: try Data(contentsOf: files[0]), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self))
    }
}

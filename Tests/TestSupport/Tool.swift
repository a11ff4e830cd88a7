package import Foundation

/// Runs programs that a test needs.
package enum Tool {
    /// A program that ended with a failure.
    package struct Failed: Error, CustomStringConvertible {
        package let description: String
    }

    /// Whether the shell's search path has this program.
    package static func isInstalled(_ name: String) -> Bool {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains { directory in
            FileManager.default.isExecutableFile(atPath: "\(directory)/\(name)")
        }
    }

    /// Runs a program to its end; returns what it printed.
    ///
    /// - Throws: `Failed` with what it complained of, when its exit status is not 0.
    @discardableResult
    package static func run(
        _ name: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> Data {
        let files = ["out", "err"].map {
            FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).\($0)")
        }
        defer { for file in files { try? FileManager.default.removeItem(at: file) } }
        let process = try ChildProcess(
            name, arguments, environment: environment, output: files[0].path, errors: files[1].path)
        let status = process.wait()
        guard status == 0 else {
            let text = String(decoding: (try? Data(contentsOf: files[1])) ?? Data(), as: UTF8.self)
            throw Failed(description: "\(name): exit status \(status): \(text)")
        }
        return try Data(contentsOf: files[0])
    }
}

/// A Python with the reference implementation of safetensors.
package enum PythonSafetensors {
    private static let executable = ProcessInfo.processInfo.environment["ONCORELAY_PYTHON"] ?? "python3"

    package static let isAvailable = (try? run("import safetensors.numpy, numpy", [])) != nil
    /// Why tests that need it are skipped.
    package static let reason: String =
        "python3 cannot import safetensors and numpy; install them, or set ONCORELAY_PYTHON to a python that has them"

    /// Runs a script; returns what it printed.
    package static func run(_ script: String, _ arguments: [String]) throws -> String {
        String(decoding: try Tool.run(executable, ["-c", script] + arguments), as: UTF8.self)
    }
}

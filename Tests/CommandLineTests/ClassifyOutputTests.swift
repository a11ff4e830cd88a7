import Contracts
import Foundation
import Testing

@testable import oncorelay

/// What `oncorelay classify --out` leaves behind.
@Suite struct ClassifyOutputTests {
    private static let canary = "CANARY^DOE^JANE"

    /// The program beside the tests.
    private static let program =
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "oncorelay").path

    private static func plant(in file: String) async throws {
        let packed = try await ChildProcess.run("gzip", ["-dc", file])
        var bytes = packed.output
        // data_type, db_name, descrip, aux_file, intent_name
        for (offset, count) in [(4, 10), (14, 18), (148, 80), (228, 24), (328, 16)] {
            let text = Array(canary.utf8.prefix(count))
            bytes.replaceSubrange(offset..<offset + text.count, with: text)
        }
        let plain = String(file.dropLast(".gz".count))
        try Data(bytes).write(to: URL(fileURLWithPath: plain))
        #expect(try await ChildProcess.run("gzip", ["-nf", plain]).exitCode == 0)
    }

    @Test func aNameInTheFilesAndThePatientsPseudonymStandInNothingThatIsLeftBehind() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "oncorelay-classify-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let (root, models, out) = ("\(folder.path)/root", "\(folder.path)/models", "\(folder.path)/out")
        let made = try await ChildProcess.run(
            Self.program, ["phantom", root, "--task", "lymph-node", "--size", "tiny"])
        #expect(made.exitCode == 0)
        #expect(try await ChildProcess.run(Self.program, ["model", "seed", models, "--size", "tiny"]).exitCode == 0)
        let documents = try FileManager.default.contentsOfDirectory(atPath: root).filter { $0.hasSuffix(".json") }
        let path = "\(root)/\(try #require(documents.first))"
        var study = try EventCoding.decode(
            StudySubmitted.self, from: Array(try Data(contentsOf: URL(fileURLWithPath: path))))
        for series in study.series {
            try await Self.plant(in: "\(root)/\(series.location.dropFirst("file:".count))")
        }
        study.patientID = Self.canary
        try Data(try EventCoding.encode(study)).write(to: URL(fileURLWithPath: path))

        let ended = try await ChildProcess.run(
            Self.program, ["classify", path, "--root", root, "--models", models, "--out", out, "--table"])
        #expect(ended.exitCode == 0)
        var names: [String] = []
        var left: [(name: String, bytes: [UInt8])] = [("output", ended.output), ("messages", ended.error)]
        for name in try FileManager.default.subpathsOfDirectory(atPath: out) {
            names.append(name)
            guard let bytes = FileManager.default.contents(atPath: "\(out)/\(name)") else { continue }
            left.append((name, Array(name.utf8) + Array(bytes)))
            guard name.hasSuffix(".gz") else { continue }
            left.append((name, try await ChildProcess.run("gzip", ["-dc", "\(out)/\(name)"]).output))
        }
        #expect(names.contains("result.json"))
        #expect(names.contains { $0.hasSuffix(".png") })
        #expect(names.contains { $0.hasSuffix(".nii.gz") })
        for (name, bytes) in left {
            #expect(Data(bytes).range(of: Data(Self.canary.utf8)) == nil, "\(name)")
        }
    }
}

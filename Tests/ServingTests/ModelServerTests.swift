import Classifiers
import Contracts
import Foundation
import ServiceRuntime
import Serving
import Testing

/// When a worker has what it needs: some network of those it could ask.
struct ModelServerTests {
    private static let roles: [ClassifierRole] = [.lungVersusNonLung, .sclcVersusNSCLC, .bcVersusGIC]

    @Test func oneUsableNetworkOfSeveralIsEnoughWhicheverItIs() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/oncorelay-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try SeededModel.makeDefault(.bcVersusGIC).write(to: directory + "/a")
        try SeededModel.makeDefault(.lungVersusNonLung).write(to: directory + "/b")
        try Data("no weights".utf8).write(to: URL(filePath: directory + "/b/weights.safetensors"))
        let server = ModelServer(directory: directory, threads: 1, precision: .float32)
        for _ in 0..<2 { #expect(await server.problem(withAll: Self.roles) == nil) }
        #expect(await server.problem(with: .bcVersusGIC) == nil)
        #expect(await server.problem(with: .lungVersusNonLung)?.contains("weights.safetensors") == true)
        #expect(await server.problem(with: .sclcVersusNSCLC)?.contains("sclc") == true)
        #expect(await server.problem(withAll: [.lungVersusNonLung, .sclcVersusNSCLC]) != nil)
    }

    @Test func modelsThatComeLaterEndTheProblem() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/oncorelay-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let server = ModelServer(directory: directory, threads: 1, precision: .float32)
        #expect(await server.problem(withAll: Self.roles)?.contains(directory) == true)
        try SeededModel.makeDefault(.sclcVersusNSCLC).write(to: directory + "/a")
        #expect(await server.problem(withAll: Self.roles) == nil)
    }
}

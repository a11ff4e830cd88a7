import ArgumentParser
import Foundation
import TensorStore
import Tensors

/// Moves large tensors into the store and out of it, checksums included.
struct TensorBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tensors", abstract: "Measures how many large tensors a second go into the store and out of it.")

    @Option(help: "The tensor store.") var redisURL: String
    @Option(help: "Bytes of a tensor.") var bytes = 16_777_216
    @Option(help: "Tensors to move each way.") var count = 60

    func run() async throws {
        var configuration = try RedisConfiguration(url: redisURL)
        configuration.connectionCount = 1
        let store = try RedisTensorStore(configuration)
        let tensor = try Tensor(shape: [bytes / 2], elementType: .int16) { buffer in
            for index in buffer.indices { buffer[index] = UInt8(truncatingIfNeeded: index &* 31) }
        }
        let key = "oncorelay:benchmark"
        let clock = ContinuousClock()
        for _ in 0..<3 { _ = try await store.put(tensor, key: key, lifetime: .seconds(60)) }
        let put = try await clock.measure {
            for _ in 0..<count { _ = try await store.put(tensor, key: key, lifetime: .seconds(60)) }
        }
        let get = try await clock.measure {
            for _ in 0..<count { _ = try await store.get(key) }
        }
        _ = try await store.delete([key])
        await store.close()
        let report = ["putPerSecond": Self.rate(count, put), "getPerSecond": Self.rate(count, get)]
        print(String(decoding: try JSONEncoder().encode(report), as: UTF8.self))
    }

    private static func rate(_ count: Int, _ duration: Duration) -> Double {
        Double(count) / (Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18)
    }
}

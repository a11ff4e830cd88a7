import NeuralNetwork
import Testing

/// A way to compute a network in float32, for tests that every backend has to pass.
struct Computation: Sendable, CustomTestStringConvertible {
    var backend: BackendChoice
    var threads: Int

    var settings: ComputeSettings {
        ComputeSettings(threads: threads, precision: .float32, backend: backend)
    }

    var testDescription: String { "\(backend.rawValue), threads: \(threads)" }

    static let all = [BackendChoice.openBLAS, .oneDNN].flatMap { backend in
        [1, 3].map { Computation(backend: backend, threads: $0) }
    }
    static let backends = all.filter { $0.threads == 3 }
}

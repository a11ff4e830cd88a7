package import Contracts
import NeuralNetwork

/// Reads a model folder on a thread of its own: weights are hashed for as long as the disk and SHA-256 take, and nothing
/// else may wait for that. The thread ends with the reader.
package actor ModelReader {
    private let executor = ComputeExecutor()

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package init() {}

    /// As ``ModelFolder/load(path:ignoresTrust:)``.
    package func load(path: String) throws(ClassifierError) -> ModelFolder { try ModelFolder.load(path: path) }

    /// As ``ModelCatalog/model(for:)``.
    func model(for role: ClassifierRole, in catalog: ModelCatalog) throws(ClassifierError) -> ModelFolder {
        try catalog.model(for: role)
    }
}

internal import CKernels

/// Chooses the engine.
enum TrainingEngines {
    /// Whether this machine has the fast engine.
    static var isFastAvailable: Bool { ork_processor_features().avx2 }

    /// - Throws: `TrainingError.engineUnavailable`, `outOfMemory`.
    static func make(graph: NetworkGraph, settings: TrainingSettings) throws -> any TrainingEngine {
        switch settings.engine {
        case .openBLAS: return try PortableTrainingEngine(graph: graph, settings: settings)
        case .oneDNN: return try OneDNNTrainingEngine(graph: graph, settings: settings)
        case .automatic:
            do {
                return try OneDNNTrainingEngine(graph: graph, settings: settings)
            } catch TrainingError.engineUnavailable {
                return try PortableTrainingEngine(graph: graph, settings: settings)
            }
        }
    }

    /// Refuses what would not fit, before the system has to end a process for it.
    ///
    /// - Throws: `TrainingError.outOfMemory`.
    static func checkMemory(neededBytes: Int, inUse: Int, settings: TrainingSettings) throws(TrainingError) {
        // What is in use already is no longer counted as available.
        let available = (TrainingMemory.availableBytes ?? Int.max - inUse) + inUse
        let limit = min(settings.memoryLimit ?? Int.max, available)
        guard neededBytes <= limit else {
            throw .outOfMemory(neededBytes: neededBytes, availableBytes: limit)
        }
    }
}

/// Chooses the engine.
enum TrainingEngines {
    /// - Throws: `TrainingError.engineUnavailable`, `outOfMemory`.
    static func make(graph: NetworkGraph, settings: TrainingSettings) throws -> any TrainingEngine {
        try PortableTrainingEngine(graph: graph, settings: settings)
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

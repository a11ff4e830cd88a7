package import Tensors

/// Owns a plan and a place to run it; callers wait without blocking a thread.
package actor NetworkWorker {
    private let plan: InferencePlan
    private let executor: ComputeExecutor

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package init(
        network: FusedNetwork, settings: ComputeSettings, executor: ComputeExecutor = ComputeExecutor(),
        backend: (any Backend)? = nil
    ) {
        plan = InferencePlan(network: network, settings: settings, backend: backend, memory: executor.memory)
        self.executor = executor
    }

    /// One forward pass; see ``InferencePlan/run(_:)``.
    package func run(_ input: Tensor) throws -> Tensor { try plan.run(input) }

    /// See ``InferencePlan/gradCAM(_:layer:seed:)``.
    package func gradCAM(_ input: Tensor, layer: String, seed: [[Float]]) throws -> GradCAM {
        try plan.gradCAM(input, layer: layer, seed: seed)
    }

    /// Prepares the memory for a shape ahead of the first input, by a run on zeros.
    package func warmUp(inputShape: [Int]) throws {
        let count = try Tensor.elementCount(shape: inputShape)
        _ = try plan.run(try Tensor(shape: inputShape, floats: [Float](repeating: 0, count: count)))
    }
}

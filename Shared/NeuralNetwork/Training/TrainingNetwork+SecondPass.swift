package import Tensors

/// What a loss needs that looks at the network twice in one step.
extension TrainingNetwork {
    /// Parameters' gradients of a backward pass, kept while another pass writes its own.
    package struct KeptGradients {
        fileprivate let values: [String: [Float]]
    }

    /// The parameters' gradients as the last backward pass left them.
    package func keepGradients() -> KeptGradients {
        var values: [String: [Float]] = [:]
        for parameter in parameters {
            guard let gradients = parameter.gradients else { continue }
            values[parameter.name] = Array(UnsafeBufferPointer(start: gradients, count: parameter.storageCount))
        }
        return KeptGradients(values: values)
    }

    /// Adds gradients that were kept to those of the last backward pass.
    package func addGradients(_ kept: KeptGradients) {
        for parameter in parameters {
            guard let gradients = parameter.gradients, let values = kept.values[parameter.name] else { continue }
            for index in values.indices { gradients[index] += values[index] }
        }
    }

    /// Passes an input forward again that was passed before in this step, so that its backward pass can be run: dropout
    /// drops the same, and running statistics stay as they are.
    ///
    /// - Parameters:
    ///   - input: the earlier pass's.
    ///   - pass: ``trainingPasses`` after the earlier pass.
    /// - Throws: what ``forward(_:mode:)`` throws.
    package func repeatForward(_ input: Tensor, pass: Int) throws {
        let passes = trainingPasses
        let statistics = parameters.filter { [.runningMean, .runningVariance].contains($0.specification.role) }
            .map { ($0, Array(UnsafeBufferPointer(start: $0.values, count: $0.storageCount))) }
        trainingPasses = pass - 1
        defer {
            trainingPasses = passes
            for (parameter, values) in statistics {
                for index in values.indices { parameter.values[index] = values[index] }
            }
        }
        _ = try forward(input, mode: .training)
    }

    /// The derivative by the network's input of what the last backward pass derived.
    ///
    /// - Returns: of the input's shape.
    /// - Throws: `TrainingError.nothingToDerive` without a pass; `invalidValue` where something else than one trained
    ///   convolution reads the input.
    package func inputGradient() throws -> Tensor {
        guard let schedule, hasRun else { throw TrainingError.nothingToDerive }
        let readers = schedule.readers[graph.input]
        guard readers.count == 1, case .convolution(let convolution) = graph.nodes[readers[0]].operation,
            schedule.trains(readers[0]),
            let weight = parameters.first(where: { $0.name == "\(graph.nodes[readers[0]].name).weight" })
        else {
            throw TrainingError.invalidValue(
                "a derivative by the network's input needs a first convolution that is trained (start.freeze: none)")
        }
        func value(_ node: Int) throws -> (PortableValue, TrainingMemory) {
            let shape = schedule.shapes[node]
            let memory = try TrainingMemory(count: schedule.batch * shape.count)
            let view = ValueMemory(
                pointer: memory.pointer, batch: schedule.batch,
                view: .init(shape: shape, offset: 0, itemStride: shape.count))
            return (PortableValue(value: view, gradient: view), memory)
        }
        // Both hold gradients; the convolution's way back to its input reads no values.
        let (input, inputMemory) = try value(graph.input)
        let (output, outputMemory) = try value(readers[0])
        engine.copyGradient(of: readers[0], into: outputMemory.pointer)
        let plain = try TrainingMemory(count: weight.specification.count)
        weight.layout.unpack(weight.values, into: plain.pointer)
        let fixed = TrainableParameter(
            weight.specification, isFrozen: true, layout: PlainLayout(storageCount: weight.specification.count),
            values: plain.pointer, gradients: nil, owners: [plain])
        PortableConvolution(
            convolution, weight: fixed, bias: nil, input: input, output: output,
            workspace: Workspace(threads: settings.threads)
        ).backward(toInputs: [true], toParameters: false)
        return try withExtendedLifetime((inputMemory, outputMemory)) {
            try Tensor(
                shape: [schedule.batch, graph.inputChannels]
                    + schedule.shapes[graph.input].extent.components(rank: graph.spatialRank),
                floats: Array(UnsafeBufferPointer(start: inputMemory.pointer, count: inputMemory.count)))
        }
    }
}

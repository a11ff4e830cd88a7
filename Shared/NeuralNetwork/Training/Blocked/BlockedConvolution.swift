internal import CDNNL
internal import CKernels

/// A convolution on oneDNN: forward, derivative by the input, derivative by the weights, in layouts of 16 channels.
final class BlockedConvolution: BlockedLayer {
    struct Values {
        let shape: BlockedShape
        let value: BlockedView
        let gradient: BlockedView?
    }

    /// Where the input is read: planes of few channels (in the engine's type, and as they came), or blocks.
    enum Source {
        case planar(UnsafeMutableRawPointer, floats: UnsafePointer<Float>)
        case blocked(Values)
    }

    private let layout: BlockedWeightLayout
    private let weight: TrainableParameter
    private let bias: TrainableParameter?
    private let source: Source
    private let output: Values
    private let library: TrainingLibrary
    private var forwardPass: TrainingPrimitive?
    private var dataPass: TrainingPrimitive?
    private var weightsPass: TrainingPrimitive?
    /// Instead of the library's passes.
    private var ownForwardPass: PlanarForward?
    private var ownWeightsPass: WeightGradient?
    private var directForward: DirectPass?
    private var directBack: DirectPass?
    private var winogradForward: WinogradPass?
    private var winogradBack: WinogradPass?
    /// Where the weights' gradient is computed in another order than the parameter's, and brought into that.
    private var gradientMemory: TrainingMemory?
    private var gradientReorder: TrainingPrimitive?
    /// What the library's passes read.
    private let copies: WorkingWeights
    private var areCopiesOld = true
    /// Where the derivative by the input is computed when it has to be added to another.
    private let scratch: EngineScratch
    private let shared: SharedScratch
    private var scratchPass: TrainingPrimitive?
    private(set) var implementations: [String] = []

    /// - Throws: `TrainingError.library`, `outOfMemory`.
    init(
        _ convolution: Convolution, rank: Int, inputExtent: Extent, source: Source, output: Values,
        weight: TrainableParameter, bias: TrainableParameter?, needsData: Bool, scratch: EngineScratch,
        shared: SharedScratch, library: TrainingLibrary
    ) throws(TrainingError) {
        var isPlanar = false
        if case .planar = source { isPlanar = true }
        layout = BlockedWeightLayout(convolution, isPlanar: isPlanar)
        self.weight = weight
        self.bias = bias
        self.source = source
        self.output = output
        self.library = library
        self.scratch = scratch
        self.shared = shared
        copies = WorkingWeights(weight, layout: layout, threads: output.shape.threads, library: library)
        let geometry = try Geometry(
            convolution, rank: rank, batch: output.shape.batch, inputExtent: inputExtent, type: output.shape.type,
            isPlanar: isPlanar, hasBias: bias != nil)
        let forward = try geometry.forward(library, geometry.weights)
        let isSlow = forward.isReference
        if case .planar(_, let floats) = source, bias == nil {
            ownForwardPass = try PlanarForward(
                convolution, inputExtent: inputExtent, input: floats, output: output, layout: layout, scratch: shared,
                isPreferred: isSlow)
        }
        if case .blocked(let input) = source, bias == nil {
            winogradForward = try WinogradPass(
                .forward, convolution, weights: layout.weights, input: input, output: output, scratch: shared,
                isPreferred: isSlow)
            if needsData {
                winogradBack = try WinogradPass(
                    .back, convolution, weights: layout.weights, input: input, output: output, scratch: shared,
                    isPreferred: isSlow)
            }
        }
        if isSlow, case .blocked(let input) = source {
            if winogradForward == nil {
                directForward = try DirectPass(
                    convolution, weights: layout.weights, input: input, output: output, bias: bias?.values,
                    scratch: shared)
            }
            if needsData, winogradBack == nil {
                directBack = try DirectPass(
                    backOf: convolution, weights: layout.weights, input: input, output: output, scratch: shared)
            }
        }
        if ownForwardPass != nil {
            implementations.append("own:planar2-f32")
        } else if directForward != nil {
            implementations.append("own:direct")
        } else if winogradForward != nil {
            implementations.append("own:winograd2-f32")
        } else {
            forwardPass = try makeForward(forward, geometry)
            implementations.append(forward.implementation)
        }
        if winogradBack != nil {
            implementations.append("own:winograd2-f32")
        } else if directBack != nil {
            implementations.append("own:direct")
        } else if needsData, case .blocked(let input) = source, let gradient = output.gradient,
            let target = input.gradient
        {
            let data = try geometry.backwardData(library, hint: forward)
            implementations.append(data.implementation)
            guard let weights = data.memory(dnnl_query_weights_md) else { return }
            let copy = try copies.add(weights, of: geometry.master)
            func make(_ pointer: UnsafeMutableRawPointer) throws(TrainingError) -> TrainingPrimitive {
                let pass = try TrainingPrimitive(data, library)
                try pass.bind(DNNL_ARG_DIFF_DST, geometry.result, gradient.pointer)
                try pass.bind(DNNL_ARG_WEIGHTS, weights, UnsafeMutableRawPointer(copy.pointer))
                try pass.bind(DNNL_ARG_DIFF_SRC, geometry.source, pointer)
                return pass
            }
            // A part of a concatenation is not dense, so its derivative always goes through the scratch memory.
            if target.itemStride == input.shape.itemCount { dataPass = try make(target.pointer) }
            try scratch.reserve(bytes: input.shape.byteCount)
            scratchPass = try make(scratch.pointer)
        }
        ownWeightsPass = try makeOwnWeightsPass(convolution, inputExtent, isLibrarySlow: false)
        if ownWeightsPass == nil { try makeWeightsPass(convolution, inputExtent, geometry, hint: forward) }
        if let ownWeightsPass { implementations.append(ownWeightsPass.name) }
    }

    private func makeForward(
        _ descriptor: TrainingPrimitiveDescriptor, _ geometry: Geometry
    ) throws(TrainingError) -> TrainingPrimitive {
        let pass = try TrainingPrimitive(descriptor, library)
        guard let weights = descriptor.memory(dnnl_query_weights_md) else {
            throw .library(operation: "ask for the weights' order", status: 0)
        }
        let copy = try copies.add(weights, of: geometry.master)
        try pass.bind(DNNL_ARG_SRC, geometry.source, sourcePointer)
        try pass.bind(DNNL_ARG_WEIGHTS, weights, UnsafeMutableRawPointer(copy.pointer))
        try pass.bind(DNNL_ARG_DST, geometry.result, output.value.pointer)
        if let bias { try pass.bind(DNNL_ARG_BIAS, geometry.bias, UnsafeMutableRawPointer(bias.values)) }
        return pass
    }

    /// By a kernel of ours; nil where the library's code is taken.
    private func makeOwnWeightsPass(
        _ convolution: Convolution, _ inputExtent: Extent, isLibrarySlow: Bool
    ) throws(TrainingError) -> WeightGradient? {
        guard let gradient = output.gradient, let target = weight.gradients, bias == nil else { return nil }
        return try WeightGradient(
            convolution, inputExtent: inputExtent, source: source, output: output, gradient: gradient, target: target,
            scratch: shared, isLibrarySlow: isLibrarySlow)
    }

    private func makeWeightsPass(
        _ convolution: Convolution, _ inputExtent: Extent, _ geometry: Geometry, hint: TrainingPrimitiveDescriptor
    ) throws(TrainingError) {
        guard let gradient = output.gradient, let target = weight.gradients else { return }
        var descriptor = try geometry.backwardWeights(library, order: geometry.master, hint: hint)
        var order = geometry.master
        var pointer = UnsafeMutableRawPointer(target)
        if descriptor.isReference {
            // No fast code writes the parameter's own order.
            descriptor = try geometry.backwardWeights(library, order: geometry.anyGradient, hint: hint)
            if descriptor.isReference {
                ownWeightsPass = try makeOwnWeightsPass(convolution, inputExtent, isLibrarySlow: true)
                if ownWeightsPass != nil { return }
            }
            guard let wanted = descriptor.memory(dnnl_query_diff_weights_md) else {
                throw .library(operation: "ask for the weights' order", status: 0)
            }
            order = wanted
            let memory = try TrainingMemory(count: (dnnl_memory_desc_get_size(&order) + 3) / 4)
            pointer = UnsafeMutableRawPointer(memory.pointer)
            gradientReorder = try TrainingPrimitive(
                reordering: order, pointer, to: geometry.master, UnsafeMutableRawPointer(target), library)
            gradientMemory = memory
        }
        implementations.append(descriptor.implementation)
        let pass = try TrainingPrimitive(descriptor, library)
        try pass.bind(DNNL_ARG_SRC, geometry.source, sourcePointer)
        try pass.bind(DNNL_ARG_DIFF_DST, geometry.result, gradient.pointer)
        try pass.bind(DNNL_ARG_DIFF_WEIGHTS, order, pointer)
        if let sums = bias?.gradients {
            try pass.bind(DNNL_ARG_DIFF_BIAS, geometry.bias, UnsafeMutableRawPointer(sums))
        }
        weightsPass = pass
    }

    private var sourcePointer: UnsafeMutableRawPointer {
        switch source {
        case .planar(let pointer, _): pointer
        case .blocked(let values): values.value.pointer
        }
    }

    func parametersChanged() { areCopiesOld = true }

    private func refreshCopies() throws(TrainingError) {
        guard areCopiesOld else { return }
        areCopiesOld = false
        try copies.refresh()
        try ownForwardPass?.refresh(weight.values)
        directForward?.refresh(weight.values)
        directBack?.refresh(weight.values)
        try winogradForward?.refresh(weight.values)
        try winogradBack?.refresh(weight.values)
    }

    func forward(mode: TrainingMode) throws {
        try refreshCopies()
        try ownForwardPass?.run()
        try directForward?.run(into: output.value)
        try winogradForward?.run(into: output.value)
        try forwardPass?.run()
    }

    func backward(toInputs: [GradientTarget], toParameters: Bool) throws {
        if toParameters {
            try ownWeightsPass?.run()
            try weightsPass?.run()
            try gradientReorder?.run()
        }
        guard toInputs[0].isAsked, case .blocked(let input) = source, let target = input.gradient else { return }
        if let directBack { return try directBack.run(into: target, accumulates: toInputs[0].accumulates) }
        if let winogradBack { return try winogradBack.run(into: target, accumulates: toInputs[0].accumulates) }
        if let dataPass, !toInputs[0].accumulates { return try dataPass.run() }
        try scratchPass?.run()
        let computed = BlockedView(pointer: scratch.pointer, itemStride: input.shape.itemCount).kernel
        if toInputs[0].accumulates {
            ork_blocked_add(input.shape.kernel, computed, target.kernel)
        } else {
            ork_blocked_copy(input.shape.kernel, computed, target.kernel)
        }
    }
}

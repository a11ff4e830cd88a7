internal import CDNNL
internal import CKernels

/// How oneDNN computes a convolution's derivative by its input, for one shape.
struct ConvolutionGradientPlan {
    let convolution: OneDNNConvolution
    let descriptor: PrimitiveDescriptor
    let type: ActivationType
    /// The type that the derivative is written in.
    let resultType: ActivationType
    let inputPlaces: ChannelPlaces
    let outputPlaces: ChannelPlaces
    private let inputPixels: Int
    private let outputPixels: Int

    /// - Returns: nil when the library has no code for it.
    init?(
        _ folded: FoldedConvolution, batch: Int, input: Extent, output: Extent, inputPlaces: ChannelPlaces,
        outputPlaces: ChannelPlaces, type: ActivationType
    ) throws {
        convolution = try OneDNNConvolution(
            folded.convolution, batch: batch, inputChannels: inputPlaces.physicalCount,
            outputChannels: outputPlaces.physicalCount, input: input, type: type)
        let attributes = try PrimitiveAttributes()
        var best = try convolution.backwardData(gradientType: .float32, attributes).first
        var resultType = ActivationType.float32
        if best?.isReference ?? true, type != .float32 {
            let other = try convolution.backwardData(gradientType: type, attributes).first
            if let other, best == nil || !other.isReference { (best, resultType) = (other, type) }
        }
        guard let best else { return nil }
        descriptor = best
        self.type = type
        self.resultType = resultType
        self.inputPlaces = inputPlaces
        self.outputPlaces = outputPlaces
        inputPixels = batch * input.volume
        outputPixels = batch * output.volume
    }

    /// Scratch memory holds, one behind another: the gradient as the library takes it, the derivative before it is
    /// added, and what the library asks for.
    var gradientBytes: Int { rounded(outputPixels * outputPlaces.physicalCount * type.byteCount) }
    var resultBytes: Int { rounded(inputPixels * inputPlaces.physicalCount * resultType.byteCount) }
    var scratchByteCount: Int { gradientBytes + resultBytes + descriptor.scratchByteCount }

    private func rounded(_ bytes: Int) -> Int { (bytes + 4095) / 4096 * 4096 }
}

/// A convolution's derivative by its input, added to the input's gradient.
final class ConvolutionGradientOperator: Operator {
    let implementation: String
    private let primitive: Primitive
    private let context: OperatorContext
    /// Where the gradient is not as the library takes it: from, to.
    private let conversion: (from: Activation, to: Activation)?
    /// Where the derivative is added to what was there: what is added, and to what.
    private let sum: (part: Activation, target: Activation)?
    private let packed: PackedBytes

    /// `overwrites`: whether the input's gradient holds nothing yet.
    init(
        _ folded: FoldedConvolution, step: FusedNetwork.Step, plan: ConvolutionGradientPlan, gradient: Activation,
        input: Activation, overwrites: Bool, context: OperatorContext, weights: PackedWeights
    ) throws {
        self.context = context
        implementation = plan.descriptor.implementation
        guard let scratch = context.scratch else {
            throw NeuralNetworkError.backendFailure(call: "gradient of \(step.name)", status: "no scratch memory")
        }
        primitive = try Primitive(plan.descriptor)
        var converted = gradient
        if !gradient.isDense || plan.type != gradient.type {
            converted.pointer = scratch
            converted.type = plan.type
            converted.stride = gradient.channels
            conversion = (gradient, converted)
        } else {
            conversion = nil
        }
        var result = input
        if !overwrites || plan.resultType != input.type {
            result.pointer = scratch + plan.gradientBytes
            result.type = plan.resultType
            result.stride = input.channels
            sum = (result, input)
        } else {
            sum = nil
        }
        let form = try plan.descriptor.memory(dnnl_query_weights_md)
        packed = try weights.weights(
            folded, output: step.output, as: form, dimensions: plan.convolution.weightDimensions,
            inputs: plan.inputPlaces.places, outputs: plan.outputPlaces.places)
        try primitive.bind(
            DNNL_ARG_DIFF_DST, try plan.descriptor.memory(dnnl_query_diff_dst_md), converted.pointer)
        try primitive.bind(DNNL_ARG_WEIGHTS, form, packed.pointer)
        try primitive.bind(DNNL_ARG_DIFF_SRC, try plan.descriptor.memory(dnnl_query_diff_src_md), result.pointer)
        try primitive.bind(
            DNNL_ARG_SCRATCHPAD, try plan.descriptor.memory(dnnl_query_scratchpad_md),
            scratch + plan.gradientBytes + plan.resultBytes)
    }

    func run() throws {
        if let conversion { ork_pixels_copy(conversion.from.kernelValue, conversion.to.kernelValue) }
        try primitive.execute(context.stream)
        if let sum { ork_pixels_add(sum.target.kernelValue, sum.part.kernelValue, sum.target.kernelValue, false) }
    }
}

/// Derivatives of what stands behind the last convolution, on float32 planes.
final class PlanarGradientOperator: Operator {
    enum Kind {
        case identity
        case linear(WeightBuffer)
        case sigmoid
        case softmax
    }

    let implementation = "planes"
    private let kind: Kind
    private let gradient: Activation
    private let result: Activation
    private let target: Activation
    private var outputs: [Float]
    private var results: [Float]
    private var inputs: [Float]
    private let sum: PackedBytes

    init(_ kind: Kind, gradient: Activation, result: Activation, target: Activation) throws {
        self.kind = kind
        self.gradient = gradient
        self.result = result
        self.target = target
        let outputCount = gradient.places.places.count * gradient.pixels
        outputs = [Float](repeating: 0, count: outputCount)
        results = outputs
        inputs = [Float](repeating: 0, count: target.places.places.count * target.pixels)
        sum = try PackedBytes(count: target.pixels * target.channels * MemoryLayout<Float>.stride)
    }

    func run() {
        outputs.withUnsafeMutableBufferPointer { gradient.write(planes: $0.baseAddress!) }
        results.withUnsafeMutableBufferPointer { result.write(planes: $0.baseAddress!) }
        let classes = gradient.places.places.count
        let positions = gradient.extent.volume
        switch kind {
        case .identity: inputs = outputs
        case .linear(let weight):
            let inputCount = inputs.count / target.batch
            inputs.withUnsafeMutableBufferPointer { inputs in
                outputs.withUnsafeBufferPointer { outputs in
                    let asked = outputs.indices.filter { outputs[$0] != 0 }
                    if asked.count <= 4 * target.batch {
                        // Mostly one class of many: its row instead of the whole weight.
                        inputs.update(repeating: 0)
                        for index in asked {
                            Elementwise.accumulate(
                                weight.pointer + index % classes * inputCount, times: outputs[index],
                                into: inputs.baseAddress! + index / classes * inputCount, count: inputCount)
                        }
                        return
                    }
                    BLAS.multiply(
                        m: target.batch, n: inputCount, k: classes, outputs.baseAddress!, rowsOfA: classes,
                        weight.pointer, rowsOfB: inputCount, inputs.baseAddress!, rowsOfC: inputCount)
                }
            }
        case .sigmoid:
            for index in inputs.indices { inputs[index] = outputs[index] * results[index] * (1 - results[index]) }
        case .softmax:
            for item in 0..<gradient.batch {
                for position in 0..<positions {
                    let start = item * classes * positions + position
                    let all = stride(from: start, to: start + classes * positions, by: positions)
                    let mean = all.reduce(Float(0)) { $0 + outputs[$1] * results[$1] }
                    for index in all { inputs[index] = results[index] * (outputs[index] - mean) }
                }
            }
        }
        var part = target
        part.pointer = sum.pointer
        part.stride = target.channels
        inputs.withUnsafeBufferPointer { part.read(planes: $0.baseAddress!) }
        ork_pixels_add(target.kernelValue, part.kernelValue, target.kernelValue, false)
    }
}

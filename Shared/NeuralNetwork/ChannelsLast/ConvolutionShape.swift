internal import CKernels

/// Everything about a convolution that its speed depends on.
struct ConvolutionShape: Hashable {
    /// With the channels that memory has; for a first convolution, which reads planes, those of the network's input.
    var convolution: Convolution
    var batch: Int
    var input: Extent
    var type: ActivationType
    /// Whether float32 activations may meet weights of half precision, which halves what large ones take of memory and
    /// of its bandwidth.
    var mayHalveWeights: Bool
    var isRectified: Bool
    var hasResidual: Bool
    /// Whether the input is float32 planes instead of pixels.
    var readsPlanes: Bool
    /// Whether the result is needed as a part of a wider value.
    var writesPart: Bool

    init(
        _ folded: FoldedConvolution, batch: Int, input: Extent, inputPlaces: ChannelPlaces?,
        outputPlaces: ChannelPlaces, type: ActivationType, halvesWeights: Bool, writesPart: Bool
    ) {
        convolution = folded.convolution
        convolution.inputChannels = inputPlaces?.physicalCount ?? folded.convolution.inputChannels
        convolution.outputChannels = outputPlaces.physicalCount
        convolution.hasBias = true
        self.batch = batch
        self.input = input
        self.type = type
        mayHalveWeights = halvesWeights && type == .float32
        isRectified = folded.isRectified
        hasResidual = folded.hasResidual
        readsPlanes = inputPlaces == nil
        self.writesPart = writesPart
    }

    var output: Extent { convolution.outputExtent(of: input) }
    var operations: Int { 2 * convolution.patchCount * convolution.outputChannels * output.volume * batch }

    var weightCount: Int { convolution.patchCount * convolution.outputChannels }
    /// Whether it takes every second pixel of a volume by a kernel of three, which transforms of phases compute.
    var isStridedVolume: Bool {
        func all(_ extent: Extent, _ size: Int) -> Bool { extent.components(rank: 3).allSatisfy { $0 == size } }
        return all(convolution.kernel, 3) && all(convolution.stride, 2) && all(convolution.padding, 1)
            && all(convolution.dilation, 1)
    }
    /// Weights that are worth halving: a megabyte of float32.
    static let many = 1 << 18

    /// One line that tells shapes apart, for a file.
    var key: String {
        func text(_ extent: Extent) -> String { extent.components(rank: 3).map(String.init).joined(separator: "x") }
        let flags = [isRectified ? "relu" : "", hasResidual ? "sum" : "", readsPlanes ? "planes" : ""]
            .filter { !$0.isEmpty }
        let c = convolution
        return
            ([
                mayHalveWeights ? "f32w16" : type == .float32 ? "f32" : "bf16",
                "\(batch)x\(c.inputChannels)x\(text(input))",
                "to\(c.outputChannels)",
                "k\(text(c.kernel))", "s\(text(c.stride))", "p\(text(c.padding))", "d\(text(c.dilation))",
                writesPart ? "part" : "whole",
            ] + flags).joined(separator: ",")
    }
}

extension ork_convolution {
    /// A kernel of ours for a shape; nil when there is none. The strides are those of dense values.
    init?(_ shape: ConvolutionShape, _ choice: ConvolutionChoice) {
        guard let (algorithm, variant) = choice.kernel, shape.readsPlanes == (algorithm == ORK_PLANAR),
            !choice.usesFloats || shape.type != .float32, !choice.roundsAsHalves || shape.mayHalveWeights,
            !shape.readsPlanes || choice.usesFloats || (choice == .columns) == (shape.type == .bfloat16)
        else {
            return nil
        }
        self.init()
        let c = shape.convolution
        let output = shape.output
        self.algorithm = Int32(bitPattern: algorithm.rawValue)
        self.variant = variant
        let activations = shape.type.kernelType
        let floats = ActivationType.float32.kernelType
        type =
            choice.usesFloats
            ? floats : choice.halvesWeights ? Int32(bitPattern: ORK_F16.rawValue) : activations
        input_type = shape.readsPlanes ? floats : activations
        output_type = activations
        residual_type = activations
        relu = shape.isRectified ? 1 : 0
        batch = Int32(shape.batch)
        in_channels = Int32(c.inputChannels)
        out_channels = Int32(c.outputChannels)
        in_size = shape.input.kernelValue
        out_size = output.kernelValue
        kernel = c.kernel.kernelValue
        stride = c.stride.kernelValue
        padding = c.padding.kernelValue
        dilation = c.dilation.kernelValue
        let positions = Int64(shape.input.volume)
        input =
            shape.readsPlanes
            ? ork_strides(item: positions * Int64(c.inputChannels), block: positions, pixel: 1)
            : ork_strides(
                item: positions * Int64(c.inputChannels), block: 16, pixel: Int64(c.inputChannels))
        self.output = ork_strides(
            item: Int64(output.volume * c.outputChannels), block: 16, pixel: Int64(c.outputChannels))
        residual = self.output
        guard ork_convolution_supported(&self) else { return nil }
        // Longer kernels have longer transforms, which lose more of what was rounded.
        guard
            !choice.halvesWeights || algorithm != ORK_WINOGRAD
                || c.kernel.components(rank: 3).allSatisfy({ $0 <= 3 })
        else { return nil }
        // Transformed weights are several times larger; the largest would not stay in any cache.
        let most = choice.usesFloats ? 8 << 20 : 24 << 20
        guard algorithm != ORK_WINOGRAD || ork_convolution_packed_bytes(&self) <= most else { return nil }
    }
}

extension ActivationType {
    var kernelType: Int32 { Int32(bitPattern: (self == .float32 ? ORK_F32 : ORK_BF16).rawValue) }
}

extension Activation {
    var kernelStrides: ork_strides {
        ork_strides(item: Int64(extent.volume * stride), block: 16, pixel: Int64(stride))
    }
}

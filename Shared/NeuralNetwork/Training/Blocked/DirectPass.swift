internal import CKernels
internal import Glibc

/// A convolution's way forward, or its derivative by the input, between float32 blocks by the direct kernel of ours: where
/// the library has only its reference code for blocks of 16 channels, as on processors without AVX-512.
///
/// The derivative of a convolution with stride s is s convolutions with stride 1 along each axis: input positions of one
/// remainder by s meet every s-th tap only.
final class DirectPass {
    private struct Phase {
        var kernel: ork_convolution
        /// The convolution's taps that this phase has, in the order of its kernel.
        var taps: [Int]
        var packed: TrainingMemory
        /// Of the positions that it writes: remainder and stride along each axis.
        var first: (Int32, Int32, Int32)
    }

    private let weights: ork_weights
    private let isTurned: Bool
    private var phases: [Phase] = []
    /// Weights with each tap's tiles together, from which the phases take theirs.
    private let byTap: TrainingMemory?
    private let source: BlockedView
    private let bias: UnsafePointer<Float>?
    private let stride: (Int32, Int32, Int32)
    private let targetShape: BlockedShape
    private let scratch: SharedScratch
    private let threads: Int
    private var kernelScratchBytes = 0

    /// The way forward.
    ///
    /// - Returns: nil where no kernel computes it here.
    /// - Throws: `TrainingError.outOfMemory`.
    init?(
        _ convolution: Convolution, weights: ork_weights, input: BlockedConvolution.Values,
        output: BlockedConvolution.Values, bias: UnsafePointer<Float>?, scratch: SharedScratch
    ) throws(TrainingError) {
        guard output.shape.type == .float32 else { return nil }
        let kernel = Self.forward(convolution, input, output, input.value, output.value)
        (self.weights, isTurned, byTap, self.bias) = (weights, false, nil, bias)
        (source, stride, targetShape) = (input.value, (1, 1, 1), output.shape)
        (self.scratch, threads) = (scratch, output.shape.threads)
        guard try add(kernel, taps: Array(0..<convolution.kernel.volume), first: (0, 0, 0)) else { return nil }
        try scratch.reserve(bytes: kernelScratchBytes)
    }

    /// The derivative by the input.
    ///
    /// - Returns: nil where no kernel computes it here.
    /// - Throws: `TrainingError.outOfMemory`.
    init?(
        backOf convolution: Convolution, weights: ork_weights, input: BlockedConvolution.Values,
        output: BlockedConvolution.Values, scratch: SharedScratch
    ) throws(TrainingError) {
        guard output.shape.type == .float32, let from = output.gradient, let to = input.gradient else { return nil }
        (self.weights, isTurned, bias) = (weights, true, nil)
        byTap = try TrainingMemory(count: Int(ork_weights_count(weights)))
        (source, stride, targetShape) = (from, convolution.stride.triple, input.shape)
        (self.scratch, threads) = (scratch, output.shape.threads)
        let forward = Self.forward(convolution, input, output, to, from)
        let axes = (0..<3).map { axis in Self.remainders(convolution, axis: axis) }
        for depth in axes[0] {
            for height in axes[1] {
                for width in axes[2] {
                    guard try addPhase(forward, convolution, [depth, height, width]) else { return nil }
                }
            }
        }
        let dense = isPhased ? targetShape.byteCount : 0
        try scratch.reserve(bytes: dense + kernelScratchBytes)
    }

    private var isPhased: Bool { stride != (1, 1, 1) }

    private static func forward(
        _ convolution: Convolution, _ input: BlockedConvolution.Values, _ output: BlockedConvolution.Values,
        _ from: BlockedView, _ to: BlockedView
    ) -> ork_convolution {
        var kernel = ork_convolution(
            convolution, inputChannels: input.shape.blocks * 16, inputExtent: input.shape.layer.extent,
            output: output.shape)
        kernel.algorithm = Int32(bitPattern: ORK_DIRECT.rawValue)
        kernel.input = input.shape.strides(from)
        kernel.output = output.shape.strides(to)
        kernel.residual = kernel.output
        return kernel
    }

    /// Input positions of one remainder by the stride, along one axis.
    private struct Remainder {
        var first: Int
        /// In the order of rising output positions.
        var taps: [Int]
        /// Between the taps.
        var dilation: Int
        /// Output positions before the first position's own.
        var padding: Int
    }

    /// Position p of the input meets tap k at output (p + padding - k · dilation) / stride, where that is whole.
    private static func remainders(_ convolution: Convolution, axis: Int) -> [Remainder] {
        func at(_ extent: Extent) -> Int { extent.components(rank: 3)[axis] }
        let (kernel, stride) = (at(convolution.kernel), at(convolution.stride))
        let (padding, dilation) = (at(convolution.padding), at(convolution.dilation))
        return (0..<stride).map { first in
            let taps = (0..<kernel).filter { (first + padding - $0 * dilation) % stride == 0 }.reversed()
            guard let lowest = taps.first else { return Remainder(first: first, taps: [], dilation: 1, padding: 0) }
            let step = taps.count > 1 ? (taps[taps.startIndex] - taps.dropFirst().first!) * dilation / stride : 1
            return Remainder(
                first: first, taps: Array(taps), dilation: step,
                padding: -((first + padding - lowest * dilation) / stride))
        }
    }

    /// - Returns: whether there is a kernel for it.
    private func addPhase(
        _ forward: ork_convolution, _ convolution: Convolution, _ axes: [Remainder]
    ) throws(TrainingError) -> Bool {
        var kernel = forward
        (kernel.in_channels, kernel.out_channels) = (forward.out_channels, forward.in_channels)
        (kernel.input, kernel.output, kernel.in_size) = (forward.output, forward.input, forward.out_size)
        kernel.stride = (1, 1, 1)
        let extents = targetShape.layer.extent.components(rank: 3)
        let steps = convolution.stride.components(rank: 3)
        let sizes: [Int] = (0..<3).map { axis in
            let left: Int = extents[axis] - axes[axis].first
            return (left + steps[axis] - 1) / steps[axis]
        }
        guard sizes.allSatisfy({ $0 > 0 }) else { return true }
        let first = (Int32(axes[0].first), Int32(axes[1].first), Int32(axes[2].first))
        kernel.out_size = (Int32(sizes[0]), Int32(sizes[1]), Int32(sizes[2]))
        if isPhased {
            let positions = Int64(sizes.reduce(1, *))
            kernel.output = ork_strides(
                item: positions * 16 * Int64(targetShape.blocks), block: positions * 16, pixel: 16)
        }
        kernel.residual = kernel.output
        guard axes.allSatisfy({ !$0.taps.isEmpty }) else {
            // No output depends on these positions.
            phases.append(Phase(kernel: kernel, taps: [], packed: try TrainingMemory(count: 1), first: first))
            return true
        }
        // The kernel knows no negative padding: the same positions begin later in it.
        guard axes.allSatisfy({ $0.padding >= 0 }) else { return false }
        kernel.kernel = (Int32(axes[0].taps.count), Int32(axes[1].taps.count), Int32(axes[2].taps.count))
        kernel.dilation = (Int32(axes[0].dilation), Int32(axes[1].dilation), Int32(axes[2].dilation))
        kernel.padding = (Int32(axes[0].padding), Int32(axes[1].padding), Int32(axes[2].padding))
        let (height, width) = (convolution.kernel.height, convolution.kernel.width)
        var taps: [Int] = []
        for d in axes[0].taps {
            for h in axes[1].taps {
                for w in axes[2].taps { taps.append((d * height + h) * width + w) }
            }
        }
        return try add(kernel, taps: taps, first: first)
    }

    private func add(
        _ kernel: ork_convolution, taps: [Int], first: (Int32, Int32, Int32)
    ) throws(TrainingError) -> Bool {
        var kernel = kernel
        guard ork_convolution_supported(&kernel) else { return false }
        kernelScratchBytes = max(kernelScratchBytes, ork_convolution_scratch_bytes(&kernel, Int32(threads)))
        let packed = try TrainingMemory(count: ork_convolution_packed_bytes(&kernel) / 4)
        phases.append(Phase(kernel: kernel, taps: taps, packed: packed, first: first))
        return true
    }

    /// Takes over the parameter's values.
    func refresh(_ values: UnsafePointer<Float>) {
        let (outputs, inputs) = ((Int(weights.outputs) + 15) / 16, (Int(weights.inputs) + 15) / 16)
        let taps = Int(weights.taps)
        guard isTurned, let byTap else {
            // [output block][tap][input block][16 inputs][16 outputs]
            let copy = ork_weights_copy(
                target: phases[0].packed.pointer, order: ORK_TILE_SAME, output_stride: Int64(taps * inputs * 256),
                input_stride: 256, tap_stride: Int64(inputs * 256))
            return ork_weights_convert(weights, values, [copy], 1, Int32(threads))
        }
        let copy = ork_weights_copy(
            target: byTap.pointer, order: ORK_TILE_TRANSPOSED, output_stride: 256,
            input_stride: Int64(outputs * 256), tap_stride: Int64(inputs * outputs * 256))
        ork_weights_convert(weights, values, [copy], 1, Int32(threads))
        for phase in phases {
            for input in 0..<inputs {
                for (place, tap) in phase.taps.enumerated() {
                    memcpy(
                        phase.packed.pointer + (input * phase.taps.count + place) * outputs * 256,
                        byTap.pointer + (tap * inputs + input) * outputs * 256, outputs * 256 * 4)
                }
            }
        }
    }

    /// Writes `target`, or adds to it.
    ///
    /// - Throws: `TrainingError.library`.
    func run(into target: BlockedView, accumulates: Bool = false) throws(TrainingError) {
        guard let memory = scratch.pointer else { throw .library(operation: "find scratch memory", status: 0) }
        for index in phases.indices {
            guard isPhased else {
                try compute(index, target.pointer, residual: accumulates ? target.pointer : nil, memory)
                continue
            }
            let size = phases[index].kernel.out_size
            if phases[index].taps.isEmpty {
                memset(memory, 0, Int(size.0 * size.1 * size.2) * 64 * targetShape.blocks * targetShape.batch)
            } else {
                try compute(index, memory, residual: nil, memory + targetShape.byteCount)
            }
            let lattice = ork_lattice(
                size: size, first: phases[index].first, step: stride, whole: targetShape.layer.extent.triple)
            ork_blocked_spread(
                targetShape.kernel, lattice, memory.assumingMemoryBound(to: Float.self), target.kernel, accumulates)
        }
    }

    private func compute(
        _ index: Int, _ target: UnsafeMutableRawPointer, residual: UnsafeMutableRawPointer?,
        _ memory: UnsafeMutableRawPointer
    ) throws(TrainingError) {
        let status = ork_convolution_run(
            &phases[index].kernel, phases[index].packed.pointer, bias, source.pointer, residual, target, memory,
            Int32(threads))
        guard status == 0 else { throw .library(operation: "compute a convolution", status: Int(status)) }
    }
}

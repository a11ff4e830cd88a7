internal import CKernels

/// The type of the fast engine's values, gradients and working weights.
enum BlockedType {
    case float32
    case bfloat16

    var byteCount: Int { self == .float32 ? 4 : 2 }
    var code: Int32 { Int32(self == .float32 ? ORK_TRAINING_F32 : ORK_TRAINING_BF16) }
}

/// A node's output, or the gradient by it, in blocks of 16 channels: [item, block, position, 16 channels].
struct BlockedView {
    var pointer: UnsafeMutableRawPointer
    /// Elements from one item to the next; more than its own in a part of a concatenation.
    var itemStride: Int

    var kernel: ork_blocked { ork_blocked(data: pointer, item: Int64(itemStride)) }
    static var none: ork_blocked { ork_blocked(data: nil, item: 0) }
}

/// Where a node's output lies.
struct BlockedShape {
    var batch: Int
    var layer: LayerShape
    var type: BlockedType
    var threads: Int

    var channels: Int { layer.channels }
    var blocks: Int { (channels + 15) / 16 }
    var positions: Int { layer.extent.volume }
    /// Elements of one item, padding included.
    var itemCount: Int { blocks * 16 * positions }
    var byteCount: Int { batch * itemCount * type.byteCount }

    var kernel: ork_blocked_shape {
        ork_blocked_shape(
            type: type.code, items: Int32(batch), blocks: Int32(blocks), threads: Int32(threads),
            positions: Int64(positions))
    }
}

/// A node's value and gradient in whichever form the node has.
enum EngineValue {
    /// Row-major float32: what has no positions, and the input.
    case plain(PortableValue)
    case blocked(shape: BlockedShape, value: BlockedView, gradient: BlockedView?)

    var plain: PortableValue? { if case .plain(let value) = self { value } else { nil } }
    var isBlocked: Bool { plain == nil }
}

/// Weights in the engine's order: tiles of 16 inputs by 16 outputs; see training_blocked.h.
struct BlockedWeightLayout: ParameterLayout {
    let weights: ork_weights
    var storageCount: Int { Int(ork_weights_count(weights)) }

    /// `isPlanar`: whether the input is read as row-major planes, as the network's first layer reads it.
    init(_ convolution: Convolution, isPlanar: Bool) {
        weights = ork_weights(
            outputs: Int32(convolution.outputChannels), inputs: Int32(convolution.inputChannels),
            taps: Int32(convolution.kernel.volume), planar: isPlanar)
    }

    func pack(_ plain: UnsafePointer<Float>, into storage: UnsafeMutablePointer<Float>) {
        ork_weights_pack(weights, plain, storage)
    }

    func unpack(_ storage: UnsafePointer<Float>, into plain: UnsafeMutablePointer<Float>) {
        ork_weights_unpack(weights, storage, plain)
    }
}

/// Numbers per channel, padded with zeros to whole blocks.
struct PaddedLayout: ParameterLayout {
    let count: Int
    var storageCount: Int { (count + 15) / 16 * 16 }

    func pack(_ plain: UnsafePointer<Float>, into storage: UnsafeMutablePointer<Float>) {
        storage.update(repeating: 0, count: storageCount)
        storage.update(from: plain, count: count)
    }

    func unpack(_ storage: UnsafePointer<Float>, into plain: UnsafeMutablePointer<Float>) {
        plain.update(from: storage, count: count)
    }
}

/// One step of the fast engine: one node, or a normalization with what follows it.
protocol BlockedLayer: AnyObject {
    func forward(mode: TrainingMode) throws
    /// `toInputs`: for each input, whether its gradient is asked for, and whether something is there to add to.
    /// `toParameters`: whether parameters' gradients are written.
    func backward(toInputs: [GradientTarget], toParameters: Bool) throws
    /// Parameters were written to.
    func parametersChanged()
}

extension BlockedLayer {
    func parametersChanged() {}
}

/// What a backward step does with an input's gradient.
enum GradientTarget {
    case none
    case write
    case add

    var isAsked: Bool { self != .none }
    var accumulates: Bool { self == .add }
}

internal import CKernels

/// A step of a network prepared for one input shape and bound to its memory.
protocol Operator: AnyObject {
    /// The code that computes it.
    var implementation: String { get }
    func run() throws
}

/// What the operators of one executable share, because they run one after another.
final class OperatorContext {
    let stream: OneDNNStream
    let threads: Int
    /// The planes that the caller handed over for this run.
    var input: UnsafePointer<Float>?
    /// Grows while operators are made; then fixed.
    private(set) var scratchBytes = 0
    private(set) var scratch: UnsafeMutableRawPointer?
    private var memory: PackedBytes?

    init(threads: Int) throws {
        stream = try OneDNNStream()
        self.threads = threads
    }

    /// Asks for scratch memory; it is there once all operators have asked.
    func reserve(scratchBytes bytes: Int) { scratchBytes = max(scratchBytes, bytes) }

    func allocateScratch(of lent: WorkingMemory) throws {
        guard scratchBytes > 0 else { return }
        let bytes = try lent.scratch(byteCount: scratchBytes)
        memory = bytes
        scratch = bytes.pointer
    }
}

/// Steps that are one loop over pixels and channels.
final class SimpleOperator: Operator {
    let implementation: String
    private let body: () throws -> Void

    init(_ implementation: String, _ body: @escaping () throws -> Void) {
        self.implementation = implementation
        self.body = body
    }

    func run() throws { try body() }
}

/// Steps that are computed as the portable backend does, on float32 planes: what stands behind the last convolution.
final class PlanarOperator: Operator {
    let implementation = "planes"
    private let inputs: [(activation: Activation, planes: ValueMemory)]
    private let output: (activation: Activation, planes: ValueMemory)
    private let kernel: any Kernel
    private let memory: PackedBytes

    /// `makeKernel`: makes the portable kernel for values in these places.
    init(
        inputs: [Activation], output: Activation, _ makeKernel: ([ValueMemory], ValueMemory) throws -> any Kernel
    ) throws {
        let all = inputs + [output]
        let shapes = all.map { LayerShape(channels: $0.places.places.count, extent: $0.extent) }
        memory = try PackedBytes(
            count: zip(all, shapes).reduce(0) { $0 + $1.0.batch * $1.1.count } * MemoryLayout<Float>.stride)
        var next = memory.pointer.assumingMemoryBound(to: Float.self)
        var planes: [ValueMemory] = []
        for (activation, shape) in zip(all, shapes) {
            planes.append(
                ValueMemory(
                    pointer: next, batch: activation.batch,
                    view: ValueLayout.View(shape: shape, offset: 0, itemStride: shape.count)))
            next += activation.batch * shape.count
        }
        self.inputs = Array(zip(inputs, planes)).map { ($0, $1) }
        self.output = (output, planes[inputs.count])
        kernel = try makeKernel(Array(planes.dropLast()), planes[inputs.count])
    }

    func run() {
        for input in inputs { input.activation.write(planes: input.planes.pointer) }
        kernel.run()
        output.activation.read(planes: output.planes.source)
    }
}

/// A linear layer, on float32 vectors.
final class LinearOperator: Operator {
    let implementation = "own:linear"
    private let weight: PackedBytes
    private let bias: WeightBuffer
    private let type: ActivationType
    private let input: Activation
    private let output: Activation
    private let memory: PackedBytes
    private let inputs: Int
    private let threads: Int

    /// `weight`: [outputs, inputs] of the activations' type.
    init(weight: PackedBytes, bias: WeightBuffer, input: Activation, output: Activation, threads: Int) throws {
        self.weight = weight
        self.bias = bias
        type = input.type
        self.input = input
        self.output = output
        self.threads = threads
        inputs = input.places.places.count * input.extent.volume
        memory = try PackedBytes(count: input.batch * (inputs + bias.count) * MemoryLayout<Float>.stride)
    }

    func run() {
        let source = memory.pointer.assumingMemoryBound(to: Float.self)
        let target = source + input.batch * inputs
        input.write(planes: source)
        ork_linear(
            source, weight.pointer, type == .bfloat16, bias.pointer, target, Int64(input.batch), Int64(inputs),
            Int64(bias.count), Int32(threads))
        output.read(planes: target)
    }
}

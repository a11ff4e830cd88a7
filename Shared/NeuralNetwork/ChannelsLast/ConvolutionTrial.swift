internal import CKernels
internal import Glibc

/// Measures the codes that compute a convolution against each other, on random input.
struct ConvolutionTrial {
    private let task: ConvolutionPlan.Task
    private let threads: Int
    private let input: Activation
    private let residual: Activation?
    private let memories: [PackedBytes]
    /// For a first convolution.
    private let planes: PackedBytes?

    /// - Throws: `NeuralNetworkError.outOfMemory`.
    init(_ task: ConvolutionPlan.Task, threads: Int) throws {
        self.task = task
        self.threads = threads
        let shape = task.shape
        var memories: [PackedBytes] = []
        func value(_ extent: Extent, _ places: ChannelPlaces) throws -> Activation {
            let count = shape.batch * extent.volume * places.physicalCount
            let memory = try Self.random(count: count, type: shape.type)
            memories.append(memory)
            return Activation(
                pointer: memory.pointer, type: shape.type, batch: shape.batch, extent: extent, places: places,
                stride: places.physicalCount)
        }
        input = try value(
            shape.readsPlanes ? .one : shape.input, task.inputPlaces ?? ChannelPlaces(count: 16))
        residual = shape.hasResidual ? try value(shape.output, task.outputPlaces) : nil
        planes =
            shape.readsPlanes
            ? try Self.random(
                count: shape.batch * shape.convolution.inputChannels * shape.input.volume, type: .float32) : nil
        self.memories = memories
    }

    /// What one code took, and what it gave.
    struct Result {
        var seconds: Double
        /// float32 planes.
        var values: [Float]
    }

    /// The least time of a few runs with weights that are not in the caches, as they are not in a network's run.
    ///
    /// `limit`: seconds.
    /// - Returns: nil where the first run, which warms up, says already that they would be far beyond the limit.
    func measure(_ plan: ConvolutionPlan, repetitions: Int, ifBelow limit: Double = .infinity) throws -> Result? {
        let shape = task.shape
        let context = try OperatorContext(threads: threads)
        context.reserve(scratchBytes: plan.scratchByteCount(threads: threads))
        try context.allocateScratch(of: WorkingMemory())
        context.input = planes.map { UnsafePointer($0.pointer.assumingMemoryBound(to: Float.self)) }
        // A part of a wider value, or a value of its own.
        let writesPart = shape.writesPart && plan.abilities.writesParts
        let channels = task.outputPlaces.physicalCount
        let stride = shape.writesPart ? channels + 64 : channels
        let pixels = shape.batch * shape.output.volume
        let wide = try PackedBytes(count: pixels * stride * shape.type.byteCount)
        let dense = try PackedBytes(count: pixels * channels * shape.type.byteCount)
        var part = Activation(
            pointer: wide.pointer, type: shape.type, batch: shape.batch, extent: shape.output,
            places: task.outputPlaces, stride: stride)
        if !shape.writesPart { part.pointer = dense.pointer }
        var output = part
        if shape.writesPart, !writesPart {
            output.pointer = dense.pointer
            output.stride = channels
        }
        let weights = PackedWeights()
        let computation = try plan.makeOperator(
            input: input, output: output, residual: residual, context: context, weights: weights)
        func run() throws {
            try computation.run()
            if output.pointer != part.pointer { ork_pixels_copy(output.kernelValue, part.kernelValue) }
        }
        let clock = ContinuousClock()
        guard try clock.measure({ try run() }) / .seconds(1) < 2.5 * limit + 1e-3 else { return nil }
        var values = [Float](repeating: 0, count: pixels * task.outputPlaces.places.count)
        values.withUnsafeMutableBufferPointer { part.write(planes: $0.baseAddress!) }
        var least = Double.infinity
        for _ in 0..<repetitions {
            weights.flush()
            least = min(least, try clock.measure { try run() } / .seconds(1))
        }
        return Result(seconds: least, values: values)
    }

    /// Whether two results are the same but for rounding: of float32 in the fifth digit; of bfloat16 by at most one step
    /// between neighboring numbers of the largest's size, and together by what two roundings make.
    static func agree(_ first: [Float], _ second: [Float], type: ActivationType) -> Bool {
        var largest: Float = 0
        var difference: Float = 0
        var (squares, errors) = (0.0, 0.0)
        for (left, right) in zip(first, second) {
            largest = max(largest, abs(left))
            let distance = abs(left - right)
            guard distance <= .greatestFiniteMagnitude else { return false }
            difference = max(difference, distance)
            squares += Double(left) * Double(left)
            errors += Double(distance) * Double(distance)
        }
        guard type == .bfloat16 else { return difference <= largest * 2e-5 }
        let step = largest.binade * 0x1p-7
        return difference <= step && errors <= squares * 0x1p-16
    }

    /// Numbers between 0 and 1, as behind a rectification.
    private static func random(count: Int, type: ActivationType) throws -> PackedBytes {
        let memory = try PackedBytes(count: max(16, count) * type.byteCount)
        var state: UInt32 = 0x9e37_79b9
        func next() -> UInt32 {
            state = state &* 1_664_525 &+ 1_013_904_223
            return state
        }
        if type == .float32 {
            let floats = memory.pointer.bindMemory(to: Float.self, capacity: count)
            for index in 0..<count { floats[index] = Float(next() >> 8) * 0x1p-24 }
        } else {
            let halves = memory.pointer.bindMemory(to: UInt16.self, capacity: count)
            for index in 0..<count {
                halves[index] = UInt16(truncatingIfNeeded: (Float(next() >> 8) * 0x1p-24).bitPattern >> 16)
            }
        }
        return memory
    }
}

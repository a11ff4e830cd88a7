internal import Contracts
internal import Datasets
internal import NeuralNetwork
package import Tensors

/// Examples of one training step.
package struct Batch: Sendable {
    /// Places in the prepared examples.
    package let places: [Int]
    /// float32 [N, C, D, H, W] or [N, C, H, W].
    package let input: Tensor
    /// 0 or 1, one per item.
    package let labels: [Int]
    /// float32 [N, D, H, W]; nil without attention.
    package let masks: Tensor?
}

/// Makes batches of prepared examples, augmented or as serving would feed them.
package struct BatchMaker: Sendable {
    private let examples: PreparedExamples
    private let augmentation: AugmentationSettings
    private let seed: UInt64
    /// Extents of the network's input, slowest axis first.
    private let extents: [Int]
    /// The network's channels.
    private let channels: Int
    /// What stands around a cut-out.
    private let fill: Float
    /// Of each channel's pixels, once the picture is as the network is fed it; empty for nothing.
    private let subtracted: [Float]

    /// - Parameters:
    ///   - examples: prepared, with a margin or without.
    ///   - augmentation: how they are changed; where it is not enabled, the margin is cut off and nothing else.
    ///   - seed: of the changes.
    ///   - extents: of the network's input, slowest axis first.
    ///   - channels: the network's; a cut-out's one channel fills all.
    ///   - fill: what stands around a cut-out, normalized as its pixels are.
    ///   - subtracted: the mean image, scaled as pixels are; empty for none.
    package init(
        _ examples: PreparedExamples, augmentation: AugmentationSettings, seed: UInt64, extents: [Int], channels: Int,
        fill: Float = 0, subtracted: [Float] = []
    ) {
        self.examples = examples
        self.augmentation = augmentation
        self.seed = seed
        self.extents = extents
        self.channels = channels
        self.fill = fill
        self.subtracted = subtracted
    }

    /// Makes of prepared examples what a recipe's network is fed; with ``AugmentationSettings/none`` as services do.
    ///
    /// - Parameters:
    ///   - examples: of one of the cohorts.
    ///   - augmentation: how they are changed.
    ///   - recipe: the network's.
    ///   - cohorts: with what was measured on the training cohort.
    package init(
        _ examples: PreparedExamples, augmentation: AugmentationSettings, of recipe: Recipe, cohorts: PreparedCohorts
    ) {
        let normalization = cohorts.input.normalization
        let scale = Float(normalization.scale ?? 1)
        self.init(
            examples, augmentation: augmentation, seed: recipe.training.seed,
            extents: Array(recipe.input.size.reversed()), channels: recipe.architecture.inputChannels,
            fill: Float((0 - (normalization.mean ?? 0)) * (normalization.scale ?? 1)),
            subtracted: cohorts.meanImage?.floats().map { $0 * scale } ?? [])
    }

    /// Samples on each side by which a lesion's stored patch is larger than what the network is fed.
    package static func margin(_ recipe: Recipe) -> Int {
        recipe.task.task == .brainMetastasis
            ? AugmentationDraw.margin(recipe.augmentation, size: recipe.input.size.max() ?? 0) : 0
    }

    /// - Parameters:
    ///   - places: which examples, in order; one may be named more than once.
    ///   - epoch: from 0; another epoch, another change.
    /// - Returns: the batch.
    /// - Throws: `TensorError` for a batch that does not fit into memory.
    package func make(_ places: [Int], epoch: Int) throws -> Batch {
        let volume = extents.reduce(1, *)
        let hasMasks = places.allSatisfy { examples.items[$0].mask != nil }
        var masks: Tensor?
        var maskFloats: UnsafeMutablePointer<Float>?
        let maskBytes = UnsafeMutableRawBufferPointer.allocate(
            byteCount: hasMasks ? places.count * volume * 4 : 0, alignment: 64)
        defer { maskBytes.deallocate() }
        if hasMasks { maskFloats = maskBytes.bindMemory(to: Float.self).baseAddress }
        let input = try Tensor(shape: [places.count, channels] + extents, elementType: .float32) { bytes in
            guard let base = bytes.bindMemory(to: Float.self).baseAddress else { return }
            for (row, place) in places.enumerated() {
                write(
                    examples.items[place], epoch: epoch, into: base + row * channels * volume,
                    mask: maskFloats.map { $0 + row * volume })
            }
        }
        if hasMasks {
            masks = try Tensor(
                shape: [places.count] + extents, elementType: .float32,
                buffer: TensorBuffer(copying: UnsafeRawBufferPointer(maskBytes)))
        }
        return Batch(places: places, input: input, labels: places.map { examples.items[$0].label }, masks: masks)
    }

    private func write(
        _ item: PreparedExamples.Item, epoch: Int, into output: UnsafeMutablePointer<Float>,
        mask: UnsafeMutablePointer<Float>?
    ) {
        let shape = item.tensor.shape
        let volume = extents.reduce(1, *)
        let stored = shape[0]
        let isFlat = extents.count == 2
        let resampler = PatchResampler(
            source: Self.sides(Array(shape.dropFirst())), target: Self.sides(extents), fill: isFlat ? fill : nil)
        let outputs = (0..<stored).map { output + $0 * volume }
        let isChanged = augmentation.isEnabled
        var draw: AugmentationDraw?
        if isChanged {
            draw = AugmentationDraw(
                augmentation, channels: stored, isFlat: isFlat, seed: seed, epoch: epoch, id: item.example.id)
        }
        let matrix = draw?.matrix ?? AugmentationDraw.identity
        if !isChanged, Array(shape.dropFirst()) == extents {
            item.tensor.withFloats { output.update(from: $0.baseAddress!, count: stored * volume) }
        } else {
            item.tensor.withFloats { floats in
                let size = shape.dropFirst().reduce(1, *)
                let sources = (0..<stored).map { floats.baseAddress! + $0 * size }
                resampler.resample(matrix: matrix, channels: sources, into: outputs)
            }
        }
        if let mask, let inside = item.mask {
            inside.withFloats { resampler.resample(matrix: matrix, channels: [$0.baseAddress!], into: [mask]) }
        }
        if var draw {
            for (channel, output) in outputs.enumerated() {
                intensities(output, volume, gain: draw.gains[channel], shift: draw.shifts[channel], &draw, isFlat)
            }
        }
        // Turned and noisy or not, a picture lies in the same square as in service.
        if !subtracted.isEmpty {
            for output in outputs { for index in 0..<volume { output[index] -= subtracted[index] } }
        }
        for channel in stored..<max(stored, channels) {
            (output + channel * volume).update(from: output, count: volume)
        }
    }

    private func intensities(
        _ values: UnsafeMutablePointer<Float>, _ count: Int, gain: Float, shift: Float,
        _ draw: inout AugmentationDraw, _ isFlat: Bool
    ) {
        if gain != 1 || shift != 0 {
            for index in 0..<count where !isFlat || values[index] != fill {
                values[index] = values[index] * gain + shift
            }
        }
        guard draw.noise > 0 else { return }
        NormalTable.values.withUnsafeBufferPointer { table in
            var word: UInt64 = 0
            var left = 0
            let noise = draw.noise
            for index in 0..<count {
                // What lies around a picture is no measurement: there is no noise in it.
                if isFlat, values[index] == fill { continue }
                if left == 0 {
                    word = draw.generator.next()
                    left = 5
                }
                values[index] += noise * table[Int(word & 4095)]
                word >>= 12
                left -= 1
            }
        }
    }

    private static func sides(_ extents: [Int]) -> (x: Int, y: Int, z: Int) {
        extents.count == 2
            ? (x: extents[1], y: extents[0], z: 1) : (x: extents[2], y: extents[1], z: extents[0])
    }
}

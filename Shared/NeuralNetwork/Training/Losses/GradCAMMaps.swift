package import Tensors

/// The Grad-CAM of a batch while it is trained, and how a loss of it is derived by the activations (methods.md).
///
/// With a layer's activations A and α_k = mean over the grid of ∂y^c/∂A_k, for each item
/// U = up-sampled ReLU(Σ_k α_k A_k), Â = (U − min U)/(max U − min U). α is a constant of the derivative. Where a map has
/// no differences Â is zero, and so is the derivative. Equal smallest or largest values share the derivative by them.
package struct GradCAMMaps: Sendable {
    /// Â of each item, of as many samples as the input has positions.
    let maps: [[Float]]
    private let shape: [Int]
    private let source: Extent
    private let target: Extent
    private let alphas: [[Float]]
    /// Σ_k α_k A_k of each item.
    private let coarse: [[Float]]
    /// Of each item's U; nil for one without differences.
    private let ranges: [Range?]

    /// How far apart the smallest and the largest values are, and where they are.
    private struct Range {
        let size: Float
        let smallest: [Int]
        let largest: [Int]
    }

    /// - Parameters:
    ///   - activations: A, [N, K, extent of the layer].
    ///   - classGradient: ∂y^c/∂A of each item's true class, of the same shape:
    ///     ``TrainingNetwork/gradient(of:from:)`` with a 1 at each item's class.
    ///   - extents: of the input, slowest axis first.
    /// - Throws: `TrainingError.shapeMismatch`.
    package init(activations: Tensor, classGradient: Tensor, extents: [Int]) throws {
        let shape = activations.shape
        guard (4...5).contains(shape.count), shape.allSatisfy({ $0 > 0 }), classGradient.shape == shape else {
            throw TrainingError.shapeMismatch(what: "class gradient", expected: shape, got: classGradient.shape)
        }
        guard extents.count == shape.count - 2, extents.allSatisfy({ $0 > 0 }) else {
            throw TrainingError.shapeMismatch(
                what: "input's extents", expected: [Int](repeating: 0, count: shape.count - 2), got: extents)
        }
        self.shape = shape
        source = try Extent(Array(shape[2...]))
        target = try Extent(extents)
        let (channels, positions) = (shape[1], source.volume)
        let (values, slopes) = (activations.floats(), classGradient.floats())
        var maps: [[Float]] = []
        var alphas: [[Float]] = []
        var sums: [[Float]] = []
        var ranges: [Range?] = []
        for item in 0..<shape[0] {
            var weights = [Float](repeating: 0, count: channels)
            var coarse = [Float](repeating: 0, count: positions)
            for channel in 0..<channels {
                let offset = (item * channels + channel) * positions
                var sum = 0.0
                for position in 0..<positions { sum += Double(slopes[offset + position]) }
                weights[channel] = Float(sum / Double(positions))
                for position in 0..<positions { coarse[position] += weights[channel] * values[offset + position] }
            }
            let fine = LinearUpsampling.upsample(coarse.map { max($0, 0) }, from: source, to: target)
            let (low, high) = (fine.min() ?? 0, fine.max() ?? 0)
            maps.append(fine.map { high > low ? ($0 - low) / (high - low) : 0 })
            ranges.append(
                high > low
                    ? Range(
                        size: high - low, smallest: fine.indices.filter { fine[$0] == low },
                        largest: fine.indices.filter { fine[$0] == high }) : nil)
            alphas.append(weights)
            sums.append(coarse)
        }
        (self.maps, self.alphas, self.coarse, self.ranges) = (maps, alphas, sums, ranges)
    }

    /// The input's, slowest axis first.
    var extents: [Int] { target.components(rank: shape.count - 2) }

    /// Â as one tensor, [N] and the input's extents.
    package func tensor() throws -> Tensor {
        try Tensor(shape: [shape[0]] + extents, floats: Array(maps.joined()))
    }

    /// A loss's derivative by the activations.
    ///
    /// - Parameter byMap: its derivative by each item's Â.
    /// - Returns: of the activations' shape, for ``TrainingNetwork/backward(from:)``.
    /// - Throws: `TensorError` for a tensor that does not fit into memory.
    func derivative(_ byMap: [[Double]]) throws -> Tensor {
        let (channels, positions) = (shape[1], source.volume)
        var gradient = [Float](repeating: 0, count: shape[0] * channels * positions)
        for item in 0..<shape[0] {
            guard let range = ranges[item] else { continue }
            let back = LinearUpsampling.transposed(
                byHeat(byMap[item], map: maps[item], range), from: source, to: target)
            for channel in 0..<channels {
                let offset = (item * channels + channel) * positions
                for position in 0..<positions where coarse[item][position] > 0 {
                    gradient[offset + position] = alphas[item][channel] * back[position]
                }
            }
        }
        return try Tensor(shape: shape, floats: gradient)
    }

    /// By U: Â depends on its smallest and largest values, too.
    private func byHeat(_ byMap: [Double], map: [Float], _ range: Range) -> [Float] {
        var result = [Float](repeating: 0, count: map.count)
        var (bySmallest, byLargest) = (0.0, 0.0)
        for (index, slope) in byMap.enumerated() {
            let value = slope / Double(range.size)
            result[index] = Float(value)
            bySmallest += value * (Double(map[index]) - 1)
            byLargest -= value * Double(map[index])
        }
        for (places, derivative) in [(range.smallest, bySmallest), (range.largest, byLargest)] {
            for index in places { result[index] += Float(derivative / Double(places.count)) }
        }
        return result
    }
}

extension LinearUpsampling {
    /// The derivative of ``upsample(_:from:to:)``: from one by its result to one by its values.
    static func transposed(_ gradient: [Float], from source: Extent, to target: Extent) -> [Float] {
        var result = gradient
        result = back(result, outer: 1, from: source.depth, to: target.depth, inner: target.height * target.width)
        result = back(result, outer: source.depth, from: source.height, to: target.height, inner: target.width)
        return back(result, outer: source.depth * source.height, from: source.width, to: target.width, inner: 1)
    }

    private static func back(_ gradient: [Float], outer: Int, from: Int, to: Int, inner: Int) -> [Float] {
        guard from != to else { return gradient }
        var result = [Float](repeating: 0, count: outer * from * inner)
        let scale = Float(from) / Float(to)
        for position in 0..<to {
            let exact = max(0, (Float(position) + 0.5) * scale - 0.5)
            let first = min(Int(exact), from - 1)
            let second = min(first + 1, from - 1)
            let weight = exact - Float(first)
            for block in 0..<outer {
                for index in 0..<inner {
                    let value = gradient[(block * to + position) * inner + index]
                    result[(block * from + first) * inner + index] += value * (1 - weight)
                    result[(block * from + second) * inner + index] += value * weight
                }
            }
        }
        return result
    }
}

internal import Statistics
internal import Tensors

/// How alike two heat maps are.
struct MapSimilarity {
    let rankCorrelation: Double
    let structuralSimilarity: Double

    /// - Parameters:
    ///   - one: values in [0, 1].
    ///   - other: as many.
    ///   - extents: slowest axis first; two or three.
    init(_ one: [Float], _ other: [Float], extents: [Int]) {
        // Maps are smooth: every second sample along each axis says as much.
        let places = Self.places(extents, every: 2)
        rankCorrelation =
            (try? RankCorrelation.spearman(
                places.map { Double(one[$0]) }, places.map { Double(other[$0]) })) ?? 0
        structuralSimilarity = Self.structure(one, other, extents)
    }

    private static func places(_ extents: [Int], every step: Int) -> [Int] {
        var places = [0]
        for extent in extents {
            places = places.flatMap { base in stride(from: 0, to: extent, by: step).map { base * extent + $0 } }
        }
        return places
    }

    /// SSIM (Wang et al. 2004) of blocks of eight samples along each axis, side by side; the mean of the blocks.
    private static func structure(_ one: [Float], _ other: [Float], _ extents: [Int]) -> Double {
        let side = 8
        let blocks = extents.map { max(1, $0 / side) }
        var sum = 0.0
        let count = blocks.reduce(1, *)
        for block in 0..<count {
            var rest = block
            var origin = [Int](repeating: 0, count: extents.count)
            for axis in extents.indices.reversed() {
                origin[axis] = rest % blocks[axis] * side
                rest /= blocks[axis]
            }
            var places = [0]
            for (axis, extent) in extents.enumerated() {
                let range = origin[axis]..<min(origin[axis] + side, extent)
                places = places.flatMap { base in range.map { base * extent + $0 } }
            }
            sum += similarity(places, one, other)
        }
        return sum / Double(count)
    }

    private static func similarity(_ places: [Int], _ one: [Float], _ other: [Float]) -> Double {
        let n = Double(places.count)
        var (x, y, xx, yy, xy) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for place in places {
            let (a, b) = (Double(one[place]), Double(other[place]))
            x += a
            y += b
            xx += a * a
            yy += b * b
            xy += a * b
        }
        let (meanX, meanY) = (x / n, y / n)
        let (varianceX, varianceY) = (max(0, xx / n - meanX * meanX), max(0, yy / n - meanY * meanY))
        let covariance = xy / n - meanX * meanY
        let (c1, c2) = (0.0001, 0.0009)
        return (2 * meanX * meanY + c1) * (2 * covariance + c2)
            / ((meanX * meanX + meanY * meanY + c1) * (varianceX + varianceY + c2))
    }
}

/// How much of a heat map lies inside a lesion.
struct HeatShare {
    /// Of the heat; nil for a map without any.
    let inside: Double?
    /// Of the samples.
    let chance: Double
    /// Whether the hottest sample is inside.
    let isPointing: Bool

    init(heat: [Float], mask: [Float]) {
        var (all, within, samples) = (0.0, 0.0, 0.0)
        var (hottest, best) = (0, -Float.infinity)
        for index in heat.indices {
            all += Double(heat[index])
            within += Double(heat[index] * mask[index])
            samples += Double(mask[index])
            if heat[index] > best { (hottest, best) = (index, heat[index]) }
        }
        inside = all > 0 ? within / all : nil
        chance = samples / Double(max(1, mask.count))
        isPointing = all > 0 && !mask.isEmpty && mask[hottest] >= 0.5
    }
}

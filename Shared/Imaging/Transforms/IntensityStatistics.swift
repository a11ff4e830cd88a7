/// Intensities of a volume on a coarse grid, and what can be measured of them.
struct IntensityStatistics {
    /// About 64³: the mean of a head's voxels is then known to a few thousandths of their standard deviation.
    static let sampleTarget = 262_144

    /// Slope and intercept applied.
    let samples: [Float]

    init(_ volume: Volume) {
        let steps = Self.steps(volume.shape)
        let slope = Float(volume.slope)
        let intercept = Float(volume.intercept)
        samples = volume.perform(GridSamples(shape: volume.shape, steps: steps)).map { $0 * slope + intercept }
    }

    /// One step for all axes, but never so large that fewer than eight samples stay along an axis that has them.
    static func steps(_ shape: [Int]) -> [Int] {
        let count = shape.reduce(1, *)
        var step = 1
        while count / (step * step * step) > sampleTarget { step += 1 }
        return shape.map { max(1, min(step, $0 / 8)) }
    }

    /// The rule that `head` comes to on this volume; the others as they are.
    func rule(_ measured: IntensityNormalization.Measured) -> IntensityNormalization.Measured {
        guard measured == .head else { return measured }
        let zeros = samples.reduce(into: 0) { $0 += $1 == 0 ? 1 : 0 }
        return zeros * 5 >= samples.count ? .nonzero : .otsu
    }

    func values(_ measured: IntensityNormalization.Measured) -> [Float] {
        let chosen: [Float]
        switch rule(measured) {
        case .all, .head:
            return samples
        case .nonzero:
            chosen = samples.filter { $0 != 0 }
        case .otsu:
            let threshold = Self.otsuThreshold(samples)
            chosen = samples.filter { $0 > threshold }
        }
        return chosen.isEmpty ? samples : chosen
    }

    /// Mean and (population) standard deviation.
    static func moments(_ values: [Float]) -> (mean: Double, deviation: Double) {
        guard !values.isEmpty else { return (0, 0) }
        let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
        let squares = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
        return (mean, (squares / Double(values.count)).squareRoot())
    }

    /// Otsu's threshold (IEEE Trans Syst Man Cybern 1979;9:62–66) over 256 bins from the lowest to the 99.9th
    /// percentile, so that a few bright vessels do not coarsen the bins: the upper edge of the last bin of the darker
    /// class.
    static func otsuThreshold(_ values: [Float]) -> Float {
        guard let order = OrderStatistics(values) else { return 0 }
        let lowest = order.lowest
        let highest = Float(order.percentile(99.9))
        guard highest > lowest else { return lowest }
        let bins = 256
        var histogram = [Double](repeating: 0, count: bins)
        let scale = Float(bins) / (highest - lowest)
        for value in values { histogram[min(Int((value - lowest) * scale), bins - 1)] += 1 }
        let total = Double(values.count)
        let sum = histogram.indices.reduce(0.0) { $0 + Double($1) * histogram[$1] }
        var count = 0.0
        var partial = 0.0
        var best = (variance: -1.0, bin: 0)
        for bin in 0..<bins - 1 {
            count += histogram[bin]
            partial += Double(bin) * histogram[bin]
            guard count > 0, count < total else { continue }
            let difference = partial / count - (sum - partial) / (total - count)
            let variance = count * (total - count) * difference * difference
            if variance > best.variance { best = (variance, bin) }
        }
        return lowest + Float(best.bin + 1) / scale
    }
}

/// Every `steps`-th voxel along each axis, from the middle of the first step on.
private struct GridSamples: VoxelWork {
    let shape: [Int]
    let steps: [Int]

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) -> [Float] {
        var samples: [Float] = []
        samples.reserveCapacity((0..<3).reduce(1) { $0 * (shape[$1] / steps[$1] + 1) })
        for k in stride(from: steps[2] / 2, to: shape[2], by: steps[2]) {
            for j in stride(from: steps[1] / 2, to: shape[1], by: steps[1]) {
                let row = shape[0] * (j + shape[1] * k)
                for i in stride(from: steps[0] / 2, to: shape[0], by: steps[0]) {
                    samples.append(voxels[row + i].stored)
                }
            }
        }
        return samples
    }
}

/// The intensities that matter of a volume: without the few darkest and brightest voxels.
package struct RobustRange: Sendable, Equatable {
    package let lower: Double
    package let upper: Double

    /// The 0.5th percentile of all voxels (which is mostly air) to the 99.5th of the head, on the coarse grid that
    /// normalization measures on.
    package init(_ volume: Volume, lowerPercentile: Double = 0.5, upperPercentile: Double = 99.5) {
        let statistics = IntensityStatistics(volume)
        let low = OrderStatistics(statistics.samples)?.percentile(lowerPercentile) ?? 0
        let high = OrderStatistics(statistics.values(.head))?.percentile(upperPercentile) ?? 0
        lower = low
        upper = max(low, high)
    }

    /// Black at the lower end, white at the upper.
    func gray(_ value: Float) -> UInt8 {
        guard upper > lower else { return Double(value) > lower ? 255 : 0 }
        return UInt8(((Double(value) - lower) / (upper - lower) * 255).rounded().clamped(to: 0...255))
    }
}

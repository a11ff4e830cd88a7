/// How a model wants intensities normalized; part of the model folder's `input.normalization`.
///
/// MR intensities have no unit, so each volume is measured and brought to a common scale.
package struct IntensityNormalization: Codable, Sendable, Equatable {
    /// Changes with the figures that come out.
    package static let version = 1

    package enum Method: String, Codable, Sendable {
        case none
        /// Mean 0, standard deviation 1 over the measured voxels.
        case zScore = "z-score"
        /// The two percentiles of the measured voxels become 0 and 1; beyond them is clipped.
        case minMax = "min-max"
    }

    /// Which voxels are measured.
    package enum Measured: String, Codable, Sendable {
        /// `nonzero` for a volume whose background is exactly 0 in a fifth of its voxels or more (skull-stripped or
        /// masked), else `otsu`.
        case head
        /// Above Otsu's threshold.
        case otsu
        case nonzero
        case all
    }

    package var method: Method
    package var measured: Measured
    /// Percentiles for `min-max`, 0 to 100.
    package var lowerPercentile: Double
    package var upperPercentile: Double
    /// Standard deviations at which `z-score` clips; nil for no clipping.
    package var clip: Double?

    package init(
        method: Method, measured: Measured = .head, lowerPercentile: Double = 0.5, upperPercentile: Double = 99.5,
        clip: Double? = nil
    ) {
        self.method = method
        self.measured = measured
        self.lowerPercentile = lowerPercentile
        self.upperPercentile = upperPercentile
        self.clip = clip
    }

    private enum CodingKeys: String, CodingKey {
        case method, measured, lowerPercentile, upperPercentile, clip
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            method: try container.decode(Method.self, forKey: .method),
            measured: try container.decodeIfPresent(Measured.self, forKey: .measured) ?? .head,
            lowerPercentile: try container.decodeIfPresent(Double.self, forKey: .lowerPercentile) ?? 0.5,
            upperPercentile: try container.decodeIfPresent(Double.self, forKey: .upperPercentile) ?? 99.5,
            clip: try container.decodeIfPresent(Double.self, forKey: .clip))
    }

    /// What normalizes a volume, and where it was measured.
    package struct Outcome: Sendable, Equatable {
        package let parameters: NormalizationParameters
        /// `head` says here which of its two rules it came to.
        package let measured: Measured
    }

    /// Measures a volume: on a fixed grid of at most about 260,000 voxels, so the figures are the same on every
    /// machine.
    ///
    /// A volume without contrast gets scale 1, so that nothing is divided by zero.
    package func parameters(for volume: Volume) -> NormalizationParameters { outcome(for: volume).parameters }

    /// As ``parameters(for:)``, and tells where it measured.
    package func outcome(for volume: Volume) -> Outcome {
        guard method != .none else { return Outcome(parameters: .identity, measured: measured) }
        let statistics = IntensityStatistics(volume)
        let rule = statistics.rule(measured)
        return Outcome(parameters: parameters(of: statistics.values(rule)), measured: rule)
    }

    /// The outcomes of several volumes, measured at once.
    package func outcomes(for volumes: [Volume]) -> [Outcome] {
        var outcomes = volumes.map { _ in Outcome(parameters: .identity, measured: measured) }
        outcomes.withUnsafeMutableBufferPointer { buffer in
            nonisolated(unsafe) let buffer = buffer
            SliceTeam.perform(volumes.count) { buffer[$0] = outcome(for: volumes[$0]) }
        }
        return outcomes
    }

    private func parameters(of values: [Float]) -> NormalizationParameters {
        switch method {
        case .none:
            return .identity
        case .zScore:
            let (mean, deviation) = IntensityStatistics.moments(values)
            return NormalizationParameters(
                shift: mean, scale: deviation > 0 ? 1 / deviation : 1, lower: clip.map { -$0 }, upper: clip)
        case .minMax:
            guard let order = OrderStatistics(values) else { return .identity }
            let low = order.percentile(lowerPercentile)
            let high = order.percentile(upperPercentile)
            return NormalizationParameters(shift: low, scale: high > low ? 1 / (high - low) : 1, lower: 0, upper: 1)
        }
    }
}

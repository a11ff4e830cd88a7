/// What normalizes one volume's intensities: `(value − shift) · scale`, then clipped to `lower…upper` where given.
package struct NormalizationParameters: Codable, Sendable, Equatable {
    package var shift: Double
    package var scale: Double
    package var lower: Double?
    package var upper: Double?

    package static let identity = NormalizationParameters(shift: 0, scale: 1)

    package init(shift: Double, scale: Double, lower: Double? = nil, upper: Double? = nil) {
        self.shift = shift
        self.scale = scale
        self.lower = lower
        self.upper = upper
    }

    package func apply(to value: Double) -> Double {
        let normalized = (value - shift) * scale
        return min(max(normalized, lower ?? -.infinity), upper ?? .infinity)
    }

    /// Normalizes stored values in place; slope, intercept, shift and scale are one multiplication and one addition.
    package func apply(to samples: UnsafeMutableBufferPointer<Float>, slope: Double = 1, intercept: Double = 0) {
        let factor = Float(slope * scale)
        let summand = Float((intercept - shift) * scale)
        if factor != 1 || summand != 0 {
            for index in samples.indices { samples[index] = samples[index] * factor + summand }
        }
        guard lower != nil || upper != nil else { return }
        let low = Float(lower ?? -.infinity)
        let high = Float(upper ?? .infinity)
        for index in samples.indices { samples[index] = min(max(samples[index], low), high) }
    }
}

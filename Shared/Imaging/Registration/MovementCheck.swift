/// Whether a patient seems to have moved between two series: how well their heads cover each other.
package enum MovementCheck {
    /// Below this share of common volume (Dice, J Ecol 1945) registration is worth its time: heads of equal shape that
    /// lie 10 mm apart share about 0.9, and sequences of one session 0.95 and more.
    package static let leastOverlap = 0.9

    /// Whether the heads overlap less than those of a patient who lay still, or the volumes do not meet at all.
    ///
    /// - Throws: `affine-invalid`.
    package static func suggestsMovement(of moving: Volume, from fixed: Volume) throws(ImagingError) -> Bool {
        guard let overlap = try headOverlap(moving, fixed) else { return true }
        return overlap < leastOverlap
    }

    /// Dice's coefficient of the two heads where both volumes lie, on a grid of 4 mm; nil where they hardly meet.
    ///
    /// - Throws: `affine-invalid`.
    package static func headOverlap(_ one: Volume, _ other: Volume) throws(ImagingError) -> Double? {
        let sampled = [SampledVolume(one, spacing: 4), SampledVolume(other, spacing: 4)]
        let thresholds = sampled.map { volume in
            let values = (0..<volume.count).map { volume.values[$0] }
            let zeros = values.reduce(into: 0) { $0 += $1 == 0 ? 1 : 0 }
            return zeros * 5 >= values.count ? 0 : IntensityStatistics.otsuThreshold(values)
        }
        let map = try sampled[1].affine.inverted().composed(with: sampled[0].affine)
        var (common, first, second, seen) = (0, 0, 0, 0)
        let shape = sampled[0].shape
        for k in 0..<shape[2] {
            for j in 0..<shape[1] {
                for i in 0..<shape[0] {
                    let place = map.apply(Point(Double(i), Double(j), Double(k)))
                    guard let value = sampled[1].value(place) else { continue }
                    seen += 1
                    let isFirst = sampled[0].values[i + shape[0] * (j + shape[1] * k)] > thresholds[0]
                    let isSecond = value > thresholds[1]
                    first += isFirst ? 1 : 0
                    second += isSecond ? 1 : 0
                    common += isFirst && isSecond ? 1 : 0
                }
            }
        }
        guard seen * 10 > sampled[0].count, first + second > 0 else { return nil }
        return 2 * Double(common) / Double(first + second)
    }
}

extension RigidRegistration.Outcome {
    /// Whether the motion is one that a patient can make between two series and the volumes agree better with it.
    package var isTrustworthy: Bool { after > before && motion.distance <= 60 && motion.angle <= 45 }
}

import Contracts

/// Removes the slow change of intensity that coils leave in MR images: N4 (Tustison et al., IEEE Trans Med Imaging
/// 2010;29:1310–1320) after N3 (Sled et al. 1998).
///
/// Again and again the histogram of the logarithms is sharpened (a Gaussian is taken out of it by Wiener deconvolution),
/// what each voxel would have to move by is smoothed by a cubic B-spline (Lee, Wolberg, Shin 1997), and the spline is
/// added to the field, level by level with twice as many spans. Defaults and formulas as in ITK 5.
package struct BiasFieldCorrection: Codable, Sendable, Equatable {
    /// Changes with the figures that come out.
    package static let version = 1

    /// Control points along each axis at the first level, at least 4.
    package var controlPoints = 4
    /// At most so many iterations at each level; as many levels as numbers.
    package var iterations = [50, 50, 50, 50]
    /// A level ends when the coefficient of variation of the field's change falls below.
    package var convergenceThreshold = 0.001
    /// Of the Gaussian, in logarithms.
    package var fullWidthAtHalfMaximum = 0.15
    package var wienerNoise = 0.01
    package var histogramBins = 200
    /// The field is estimated from every so manieth voxel along each axis (where that leaves four) and applied to all.
    package var shrinkFactor = 1

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case controlPoints, iterations, convergenceThreshold, fullWidthAtHalfMaximum, wienerNoise, histogramBins
        case shrinkFactor
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func value<Value: Decodable>(_ key: CodingKeys, _ standard: Value) throws -> Value {
            try container.decodeIfPresent(Value.self, forKey: key) ?? standard
        }
        self.init()
        controlPoints = try value(.controlPoints, controlPoints)
        iterations = try value(.iterations, iterations)
        convergenceThreshold = try value(.convergenceThreshold, convergenceThreshold)
        fullWidthAtHalfMaximum = try value(.fullWidthAtHalfMaximum, fullWidthAtHalfMaximum)
        wienerNoise = try value(.wienerNoise, wienerNoise)
        histogramBins = try value(.histogramBins, histogramBins)
        shrinkFactor = try value(.shrinkFactor, shrinkFactor)
    }

    /// Why the parameters cannot be used; nil where they can.
    package var problem: String? {
        guard 4...32 ~= controlPoints else { return "controlPoints: expected 4 to 32, found \(controlPoints)" }
        guard 1...8 ~= iterations.count, iterations.allSatisfy({ 0...1000 ~= $0 }) else {
            return "iterations: expected 1 to 8 numbers from 0 to 1000, found \(iterations)"
        }
        guard fullWidthAtHalfMaximum > 0, wienerNoise > 0, convergenceThreshold >= 0 else {
            return "fullWidthAtHalfMaximum, wienerNoise: expected positive numbers"
        }
        guard 16...4096 ~= histogramBins else { return "histogramBins: expected 16 to 4096, found \(histogramBins)" }
        guard 1...16 ~= shrinkFactor else { return "shrinkFactor: expected 1 to 16, found \(shrinkFactor)" }
        return nil
    }

    /// Estimates the field of a volume and divides it out.
    ///
    /// - Parameters:
    ///   - volume: intensities above 0 count.
    ///   - mask: one byte a voxel, in the volume's order; the field is estimated where it is not 0. nil for all voxels.
    /// - Returns: the corrected volume (float32), and the field.
    /// - Throws: `nifti-dimensions-invalid` for a mask of another size; `model-damaged` for parameters that cannot be
    ///   used.
    package func correct(_ volume: Volume, mask: [UInt8]? = nil) throws(ImagingError) -> CorrectedVolume {
        if let problem { throw ImagingError(.modelDamaged, .transient, subject: "n4", problem) }
        guard mask == nil || mask?.count == volume.voxelCount else {
            throw ImagingError(
                .niftiDimensionsInvalid, subject: "n4",
                "expected a mask of \(volume.voxelCount) voxels, found \(mask?.count ?? 0)")
        }
        let steps = volume.shape.map { max(1, min(shrinkFactor, $0 / 4)) }
        let state = BiasFieldState(volume, mask: mask, steps: steps)
        guard state.voxels > 0 else { return CorrectedVolume(dividing: volume, by: [], iterations: []) }
        var lattices: [SplineLattice] = []
        var counts: [Int] = []
        for (level, limit) in iterations.enumerated() {
            let spans = (controlPoints - 3) << level
            let fit = SplineFit(state: state, spans: spans)
            var total = SplineLattice(spans: spans)
            var count = 0
            while count < limit {
                count += 1
                guard let sharpening = HistogramSharpening(state, self) else { break }
                let change = fit.lattice(of: state, sharpening)
                total.add(change)
                if state.subtract(change) <= convergenceThreshold { break }
            }
            lattices.append(total)
            counts.append(count)
        }
        return CorrectedVolume(dividing: volume, by: lattices, iterations: counts)
    }
}

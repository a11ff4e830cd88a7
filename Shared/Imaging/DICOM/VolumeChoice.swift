import Contracts
internal import Glibc
internal import Tensors

extension LoadedVolume {
    /// b-values within this many s/mm² are the same shell.
    private static let shellWidth = 50.0

    /// Makes one volume of several: of diffusion-weighted ones the trace at the highest b-value, which is the
    /// geometric mean over its directions: exp(−b · trace(D)/3) is that mean where they cover space evenly.
    ///
    /// - Parameters:
    ///   - bValues: one a volume, s/mm²; nil where unknown.
    ///   - subject: what errors call the series.
    /// - Returns: what is to be known of the choice.
    /// - Throws: `series-ambiguous` for several volumes that b-values do not tell apart.
    mutating func chooseVolume(bValues: [Double]?, subject: String) throws(ImagingError) -> [SeriesNote] {
        guard volumes.count > 1 else { return [] }
        guard let bValues, bValues.count == volumes.count, let highest = bValues.max(), highest > Self.shellWidth else {
            throw ImagingError(
                .seriesAmbiguous, subject: subject,
                "expected one volume, the series holds \(volumes.count), which no b-values tell apart; send the one "
                    + "that is meant")
        }
        let shell = volumes.indices.filter { bValues[$0] > highest - Self.shellWidth }
        let text = "\(Int(highest.rounded())) s/mm²"
        if shell.count == 1 {
            volume = volumes[shell[0]]
            return [SeriesNote(.volumeChosen, "of \(volumes.count) volumes the one with b = \(text)")]
        }
        volume = try Self.geometricMean(shell.map { volumes[$0] }, subject: subject)
        return [
            SeriesNote(
                .volumeChosen,
                "of \(volumes.count) volumes the geometric mean of the \(shell.count) with b = \(text) (trace)")
        ]
    }

    /// Voxel by voxel; what is not positive in one volume is 0 in the mean.
    private static func geometricMean(_ volumes: [Volume], subject: String) throws(ImagingError) -> Volume {
        let first = volumes[0]
        var logarithms = [Float](repeating: 0, count: first.voxelCount)
        for volume in volumes {
            logarithms = volume.perform(
                AddLogarithms(sums: logarithms, slope: Float(volume.slope), intercept: Float(volume.intercept)))
        }
        let share = 1 / Float(volumes.count)
        for index in logarithms.indices { logarithms[index] = exp(logarithms[index] * share) }
        let tensor: Tensor
        do {
            tensor = try Tensor(shape: first.shape.reversed(), floats: logarithms)
        } catch {
            throw ImagingError(.niftiDimensionsInvalid, subject: subject, "\(error)")
        }
        return try Volume(tensor: tensor, affine: first.affine, subject: subject)
    }
}

private struct AddLogarithms: VoxelWork {
    let sums: [Float]
    let slope: Float
    let intercept: Float

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) -> [Float] {
        var sums = sums
        for index in sums.indices {
            let value = voxels[index].stored * slope + intercept
            sums[index] += value > 0 ? log(value) : -.infinity
        }
        return sums
    }
}

import Contracts
package import Tensors

/// One channel of a patch: a volume, and how its values are normalized on the way.
package struct PatchChannel: Sendable {
    package let volume: Volume
    package let normalization: NormalizationParameters

    package init(_ volume: Volume, normalization: NormalizationParameters = .identity) {
        self.volume = volume
        self.normalization = normalization
    }
}

/// A box of samples out of one or more volumes.
package struct Patch: Sendable {
    /// float32, `[C, D, H, W]`: D inferior to superior, H posterior to anterior, W left to right (RAS+).
    package let tensor: Tensor
    /// For each channel, which share of the samples lies inside its volume, 0 to 1.
    package let coverage: [Double]
    /// Sample (x, y, z) = (W, H, D) to RAS+ world in mm.
    package let affine: Affine
}

/// Resamples patches straight out of stored volumes: patch sample to world to voxel index is one composed affine, and
/// only the voxels that the patch needs are read, in the type that they are stored in.
package struct PatchSampler: Sendable {
    /// What stands where a sample lies outside the volume, that is beyond the outer faces of its outermost voxels.
    package enum Outside: String, Sendable, Codable {
        /// Intensity 0 (air), which is then normalized like any other.
        case zero
        /// The nearest voxel's value.
        case edge
    }

    /// Changes with the samples that come out.
    package static let version = 1

    package let interpolation: Interpolation
    package let outside: Outside

    package init(interpolation: Interpolation = .linear, outside: Outside = .zero) {
        self.interpolation = interpolation
        self.outside = outside
    }

    /// Samples one patch; each volume becomes a channel.
    ///
    /// - Throws: `affine-invalid` where a volume's affine cannot be inverted (volumes that were read can be).
    package func sample(_ channels: [PatchChannel], on grid: PatchGrid) throws(ImagingError) -> Patch {
        let count = grid.size[0] * grid.size[1] * grid.size[2]
        var inverses: [Affine] = []
        for channel in channels {
            inverses.append(try channel.volume.affine.inverted(subject: "volume").composed(with: grid.affine))
        }
        var coverage: [Double] = []
        let buffer = TensorBuffer.filled(count: channels.count * count * 4) { bytes in
            let samples = bytes.bindMemory(to: Float.self)
            for (index, channel) in channels.enumerated() {
                let part = UnsafeMutableBufferPointer(rebasing: samples[index * count..<(index + 1) * count])
                // Stored as what slope and intercept will make 0 of.
                let outsideValue =
                    outside == .zero ? Float(-channel.volume.intercept / channel.volume.slope) : nil
                let inside =
                    interpolation == .cubic
                    ? cubic(channel.volume, inverses[index], grid.size, outsideValue, part)
                    : sampled(channel.volume, inverses[index], grid.size, outsideValue, part)
                channel.normalization.apply(
                    to: part, slope: channel.volume.slope, intercept: channel.volume.intercept)
                coverage.append(Double(inside) / Double(count))
            }
        }
        let shape = [channels.count, grid.size[2], grid.size[1], grid.size[0]]
        guard let tensor = try? Tensor(shape: shape, elementType: .float32, buffer: buffer) else {
            preconditionFailure("a patch's buffer is made for its shape")
        }
        return Patch(tensor: tensor, coverage: coverage, affine: grid.affine)
    }

    /// Nearest or linear samples, several slices at once.
    private func sampled(
        _ volume: Volume, _ map: Affine, _ size: [Int], _ outsideValue: Float?,
        _ samples: UnsafeMutableBufferPointer<Float>
    ) -> Int {
        let parts = samples.count < 32_768 ? 1 : min(8, size[2])
        var inside = [Int](repeating: 0, count: parts)
        inside.withUnsafeMutableBufferPointer { counts in
            nonisolated(unsafe) let (counts, samples) = (counts, samples)
            SliceTeam.perform(parts) { part in
                counts[part] = volume.perform(
                    PatchWork(
                        map: map, volumeShape: volume.shape, size: size, interpolation: interpolation,
                        outsideValue: outsideValue, samples: samples,
                        slices: part * size[2] / parts..<(part + 1) * size[2] / parts))
            }
        }
        return inside.reduce(0, +)
    }

    /// Cubic samples: only the box that the patch lies in is filtered, with a margin.
    private func cubic(
        _ volume: Volume, _ map: Affine, _ size: [Int], _ outsideValue: Float?,
        _ samples: UnsafeMutableBufferPointer<Float>
    ) -> Int {
        let last = [Double(size[0] - 1), Double(size[1] - 1), Double(size[2] - 1)]
        let corners = WorldBox.corners([0, 0, 0], last).map(map.apply)
        let box = (0..<3).map { axis -> ClosedRange<Int> in
            let limit = Double(volume.shape[axis] - 1)
            let low = min(max(corners.reduce(.infinity) { min($0, $1[axis]) } - 2, 0), limit)
            let high = min(max(corners.reduce(-.infinity) { max($0, $1[axis]) } + 3, low), limit)
            return Int(low)...Int(high)
        }
        let sampler = CubicSampler(
            coefficients: BSplineCoefficients(volume, box: box), outsideValue: outsideValue)
        var inside = 0
        for z in 0..<size[2] {
            for y in 0..<size[1] {
                let row = samples.baseAddress! + size[0] * (y + size[1] * z)
                inside += sampler.row(
                    row, count: size[0], start: map.apply(Point(0, Double(y), Double(z))), step: map.first)
            }
        }
        return inside
    }
}

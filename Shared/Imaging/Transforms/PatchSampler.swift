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
    package enum Interpolation: String, Sendable, Codable {
        /// Trilinear, for intensities.
        case linear
        /// The nearest voxel, for masks.
        case nearest
    }

    /// What stands where a sample lies outside the volume, that is beyond the outer faces of its outermost voxels.
    package enum Outside: String, Sendable, Codable {
        /// Intensity 0 (air), which is then normalized like any other.
        case zero
        /// The nearest voxel's value.
        case edge
    }

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
                let inside = channel.volume.perform(
                    PatchWork(
                        map: inverses[index], volumeShape: channel.volume.shape, size: grid.size,
                        interpolation: interpolation,
                        // Stored as what slope and intercept will make 0 of.
                        outsideValue: outside == .zero
                            ? Float(-channel.volume.intercept / channel.volume.slope) : nil,
                        samples: part))
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
}

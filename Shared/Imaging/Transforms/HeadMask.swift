/// Which voxels are head and which are air: above Otsu's threshold, or not 0 where the background is exactly 0.
package enum HeadMask {
    /// Tells head from air.
    ///
    /// - Parameters:
    ///   - volume: any MR volume.
    ///   - measured: the rule; `head` chooses between `nonzero` and `otsu` as normalization does.
    /// - Returns: one byte a voxel in the volume's order, 1 for the head.
    package static func voxels(of volume: Volume, _ measured: IntensityNormalization.Measured = .head) -> [UInt8] {
        let statistics = IntensityStatistics(volume)
        switch statistics.rule(measured) {
        case .all, .head: return [UInt8](repeating: 1, count: volume.voxelCount)
        case .nonzero: return volume.perform(MaskWork(volume: volume, threshold: nil))
        case .otsu:
            return volume.perform(
                MaskWork(volume: volume, threshold: IntensityStatistics.otsuThreshold(statistics.samples)))
        }
    }
}

private struct MaskWork: VoxelWork {
    let volume: Volume
    let threshold: Float?

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) -> [UInt8] {
        let (slope, intercept) = (Float(volume.slope), Float(volume.intercept))
        return [UInt8](unsafeUninitializedCapacity: voxels.count) { mask, count in
            for index in voxels.indices {
                let value = voxels[index].stored * slope + intercept
                if let threshold { mask[index] = value > threshold ? 1 : 0 } else { mask[index] = value != 0 ? 1 : 0 }
            }
            count = voxels.count
        }
    }
}

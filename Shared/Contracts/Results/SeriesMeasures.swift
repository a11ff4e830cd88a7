/// What was measured of a series' voxels.
package struct SeriesMeasures: Codable, Sendable, Equatable {
    /// Slices along the axis of the longest voxel side.
    package var slices: Int?
    /// Distance between slices in mm: the resolution through the plane.
    package var sliceSpacingMM: Double
    /// The larger of the two voxel sides in the plane, mm.
    package var inPlaneSpacingMM: Double
    /// Standard deviation of the noise, in the unit of the image; absent where there is too little to measure on.
    package var noise: Double?
    /// Median foreground by noise.
    package var signalToNoise: Double?
    /// Amplitude of ghosts in the air as a share of the signal; absent where no air is seen, or it was masked.
    package var ghosting: Double?
    /// Share of the foreground at the largest value.
    package var saturation: Double?
    /// Slices, counted from 1, that repeat the one before.
    package var duplicateSlices: [Int]
    /// Slices between others in which every pixel has the same value.
    package var emptySlices: [Int]
    /// Slices after which one seems to be missing.
    package var suspectedGaps: [Int]

    package init(sliceSpacingMM: Double, inPlaneSpacingMM: Double) {
        self.sliceSpacingMM = sliceSpacingMM
        self.inPlaneSpacingMM = inPlaneSpacingMM
        duplicateSlices = []
        emptySlices = []
        suspectedGaps = []
    }
}

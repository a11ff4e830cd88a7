/// Where a region is and how large, in RAS+ world coordinates.
package struct RegionLocation: Codable, Sendable, Equatable {
    /// Centroid in RAS+ world coordinates, mm: right, anterior, superior.
    package var centroidRAS: [Double]
    package var volumeMM3: Double
    package var longestDiameterMM: Double
    /// The longest diameter within one axial slice; absent in messages of earlier versions.
    package var longestAxialDiameterMM: Double?
    package var shortAxisMM: Double
    /// Whether it reaches the edge of its image, so that a part of it may lie outside; absent in messages of earlier
    /// versions.
    package var touchesBorder: Bool?

    package init(
        centroidRAS: [Double], volumeMM3: Double, longestDiameterMM: Double, longestAxialDiameterMM: Double? = nil,
        shortAxisMM: Double, touchesBorder: Bool? = nil
    ) {
        self.centroidRAS = centroidRAS
        self.volumeMM3 = volumeMM3
        self.longestDiameterMM = longestDiameterMM
        self.longestAxialDiameterMM = longestAxialDiameterMM
        self.shortAxisMM = shortAxisMM
        self.touchesBorder = touchesBorder
    }
}

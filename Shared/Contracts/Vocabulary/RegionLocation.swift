/// Where a region is and how large, in RAS+ world coordinates.
package struct RegionLocation: Codable, Sendable, Equatable {
    /// Centroid in RAS+ world coordinates, mm: right, anterior, superior.
    package var centroidRAS: [Double]
    package var volumeMM3: Double
    package var longestDiameterMM: Double
    package var shortAxisMM: Double

    package init(centroidRAS: [Double], volumeMM3: Double, longestDiameterMM: Double, shortAxisMM: Double) {
        self.centroidRAS = centroidRAS
        self.volumeMM3 = volumeMM3
        self.longestDiameterMM = longestDiameterMM
        self.shortAxisMM = shortAxisMM
    }
}

/// Something that a reader of the result should know about a series, though it was used.
package struct SeriesNote: Codable, Sendable, Equatable {
    package enum Code: String, Codable, Sendable, CaseIterable {
        /// Slices that the scanner made are not there; those that are lie evenly.
        case missingSlices = "missing-slices"
        /// The same image was there more than once; one was used.
        case duplicateSlices = "duplicate-slices"
        /// The file does not say where it lies in space: spacing alone is known, or nothing.
        case geometryUnknown = "geometry-unknown"
        /// The scanner's own words say another sequence than the publisher does.
        case sequenceContradicted = "sequence-contradicted"
        /// One volume was chosen, or computed, out of several.
        case volumeChosen = "volume-chosen"
        /// The slices are not perpendicular to the way on which they lie; the geometry says so.
        case slicesSheared = "slices-sheared"
        /// A picture in colors was taken by its luminance.
        case colorsDropped = "colors-dropped"
    }

    package var code: Code
    /// For people, without anything of a patient's.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// What a series is by the scanner's own words.
package struct RecognizedSeries: Codable, Sendable, Equatable {
    /// nil where the evidence does not suffice, or says something that no network wants (an ADC map, a localizer).
    package var sequence: MRSequence?
    /// What it is instead where no network wants it: `ADC`, `localizer`, `perfusion` and so on.
    package var other: String?
    /// In s/mm², of diffusion-weighted images.
    package var bValue: Double?
    /// Words of ours and numbers; never the scanner's free text.
    package var evidence: [String]

    package init(sequence: MRSequence?, other: String? = nil, bValue: Double? = nil, evidence: [String]) {
        self.sequence = sequence
        self.other = other
        self.bValue = bValue
        self.evidence = evidence
    }
}

/// Where the images of a DICOM series lie, in the order of their instance numbers: what a contour that was drawn on
/// "slice 8" needs to find its voxels.
package struct SliceFrames: Codable, Sendable, Equatable {
    /// From one column of a picture to the next, and from one row to the next: RAS+ mm.
    package var columnStep: [Double]
    package var rowStep: [Double]
    /// Of the first pixel's middle, three numbers a slice, RAS+ mm.
    package var origins: [Double]

    package init(columnStep: [Double], rowStep: [Double], origins: [Double]) {
        self.columnStep = columnStep
        self.rowStep = rowStep
        self.origins = origins
    }

    package var count: Int { origins.count / 3 }
}

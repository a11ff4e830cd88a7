/// `study.ingested`: the study's files were found, checked and stored as tensors.
package struct StudyIngested: EventPayload, Equatable {
    package static let event = "study.ingested"

    package var runID: String
    package var studyInstanceUID: String
    package var task: ClinicalTask
    package var site: String?
    package var accessionNumber: String?
    /// SHA-256 over what the run is about: the files' digests and the regions asked for.
    package var contentSHA256: String
    package var series: [IngestedSeries]
    package var regions: IngestedRegions
    package var missingSequences: MissingSequencesPolicy
    /// The publisher's word; absent, the service's own setting holds.
    package var unusableImages: UnusableImagesPolicy?
    package var deadlineSeconds: Double
    /// Milliseconds that each stage worked on the study so far.
    package var timing: [String: Double]

    package init(
        runID: String, studyInstanceUID: String, task: ClinicalTask, site: String?, accessionNumber: String?,
        contentSHA256: String, series: [IngestedSeries], regions: IngestedRegions,
        missingSequences: MissingSequencesPolicy, unusableImages: UnusableImagesPolicy? = nil, deadlineSeconds: Double,
        timing: [String: Double]
    ) {
        self.runID = runID
        self.studyInstanceUID = studyInstanceUID
        self.task = task
        self.site = site
        self.accessionNumber = accessionNumber
        self.contentSHA256 = contentSHA256
        self.series = series
        self.regions = regions
        self.missingSequences = missingSequences
        self.unusableImages = unusableImages
        self.deadlineSeconds = deadlineSeconds
        self.timing = timing
    }
}

/// One series, checked: where it came from, what it holds, where its voxels lie now.
package struct IngestedSeries: Codable, Sendable, Equatable {
    package var sequence: MRSequence
    package var plane: Plane?
    package var seriesInstanceUID: String?
    /// The publisher's own word, so that a lost tensor can be made again from the file.
    package var location: String
    package var sha256: String
    package var geometry: VolumeGeometry
    /// Voxel value = stored · slope + intercept.
    package var slope: Double
    package var intercept: Double
    package var tensor: TensorReference
    /// What a reader of the result should know; absent when there is nothing.
    package var notes: [SeriesNote]?
    /// What the scanner's own words say that it is; absent where there are none.
    package var recognized: RecognizedSeries?

    package init(
        sequence: MRSequence, plane: Plane?, seriesInstanceUID: String?, location: String, sha256: String,
        geometry: VolumeGeometry, slope: Double, intercept: Double, tensor: TensorReference,
        notes: [SeriesNote]? = nil, recognized: RecognizedSeries? = nil
    ) {
        self.sequence = sequence
        self.plane = plane
        self.seriesInstanceUID = seriesInstanceUID
        self.location = location
        self.sha256 = sha256
        self.geometry = geometry
        self.slope = slope
        self.intercept = intercept
        self.tensor = tensor
        self.notes = notes
        self.recognized = recognized
    }
}

/// The regions asked for, with the mask (when there is one) checked and stored.
package struct IngestedRegions: Codable, Sendable, Equatable {
    package var mask: IngestedMask?
    package var boxes: [RegionBox]?
    package var contours: [IngestedContour]?
    package var seeds: [RegionSeed]?
    /// Each image is a region of its own (lymph-node cut-outs).
    package var wholeImages: Bool

    package init(
        mask: IngestedMask? = nil, boxes: [RegionBox]? = nil, contours: [IngestedContour]? = nil,
        seeds: [RegionSeed]? = nil, wholeImages: Bool = false
    ) {
        self.mask = mask
        self.boxes = boxes
        self.contours = contours
        self.seeds = seeds
        self.wholeImages = wholeImages
    }
}

/// A contour, read and filled: the voxels inside it.
package struct IngestedContour: Codable, Sendable, Equatable {
    package var id: String?
    /// Index into the study's series.
    package var series: Int
    /// The voxel index k of its slice.
    package var slice: Int
    /// Stretches of voxels, three numbers each: row j, first i, and the i after the last.
    package var runs: [Int]
    /// SHA-256 of the file.
    package var sha256: String

    package init(id: String?, series: Int, slice: Int, runs: [Int], sha256: String) {
        self.id = id
        self.series = series
        self.slice = slice
        self.runs = runs
        self.sha256 = sha256
    }
}

/// A label map, checked and stored.
package struct IngestedMask: Codable, Sendable, Equatable {
    package var location: String
    package var labels: [Int]?
    package var sha256: String
    package var geometry: VolumeGeometry
    package var slope: Double
    package var intercept: Double
    package var tensor: TensorReference

    package init(
        location: String, labels: [Int]?, sha256: String, geometry: VolumeGeometry, slope: Double, intercept: Double,
        tensor: TensorReference
    ) {
        self.location = location
        self.labels = labels
        self.sha256 = sha256
        self.geometry = geometry
        self.slope = slope
        self.intercept = intercept
        self.tensor = tensor
    }
}

/// `study.planned`: which regions of the study to expect.
package struct StudyPlanned: EventPayload, Equatable {
    package static let event = "study.planned"

    package var runID: String
    package var task: ClinicalTask
    package var regions: [PlannedRegion]
    package var quality: StudyQuality
    package var timing: [String: Double]

    package init(
        runID: String, task: ClinicalTask, regions: [PlannedRegion], quality: StudyQuality, timing: [String: Double]
    ) {
        self.runID = runID
        self.task = task
        self.regions = regions
        self.quality = quality
        self.timing = timing
    }
}

/// One region to expect.
package struct PlannedRegion: Codable, Sendable, Equatable {
    package var id: String
    package var location: RegionLocation
    /// Keys of the tensors made for it, for cleaning up.
    package var tensorKeys: [String]
    /// A lymph node's criteria; absent for lesions, and for nodes of whose outline nothing is known.
    package var criteria: NodeCriteria?

    package init(id: String, location: RegionLocation, tensorKeys: [String], criteria: NodeCriteria? = nil) {
        self.id = id
        self.location = location
        self.tensorKeys = tensorKeys
        self.criteria = criteria
    }
}

/// How good the images are for what is asked.
package struct StudyQuality: Codable, Sendable, Equatable {
    package var series: [SeriesQuality]

    package init(series: [SeriesQuality]) { self.series = series }
}

/// How good one series is.
package struct SeriesQuality: Codable, Sendable, Equatable {
    package enum Code: String, Codable, Sendable, CaseIterable {
        case ok
        case degraded
        case unusable
    }

    package var sequence: MRSequence
    package var code: Code
    /// Why it is not `ok`.
    package var reasons: [String]
    /// Smallest share of a region's patch that lies inside the series, 0 to 1.
    package var coverage: Double
    /// What a reader should know of the series; absent when there is nothing.
    package var notes: [SeriesNote]?
    /// What the scanner's own words say that it is; absent where there are none.
    package var recognized: RecognizedSeries?
    /// What was measured of its voxels; absent in messages of earlier versions.
    package var measures: SeriesMeasures?

    package init(
        sequence: MRSequence, code: Code, reasons: [String], coverage: Double, notes: [SeriesNote]? = nil,
        recognized: RecognizedSeries? = nil, measures: SeriesMeasures? = nil
    ) {
        self.sequence = sequence
        self.code = code
        self.reasons = reasons
        self.coverage = coverage
        self.notes = notes
        self.recognized = recognized
        self.measures = measures
    }
}

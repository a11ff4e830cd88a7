/// `study.submitted`: an integration engine asks a clinical question of a study.
package struct StudySubmitted: EventPayload, Equatable {
    package static let event = "study.submitted"

    package var studyInstanceUID: String
    package var task: ClinicalTask
    package var priority: Priority?
    /// Echoed in results and usable in routing keys; never logged.
    package var site: String?
    /// Echoed in results; never logged.
    package var accessionNumber: String?
    /// A pseudonym. It ends here: it is neither passed on nor logged.
    package var patientID: String?
    package var series: [SubmittedSeries]
    package var regions: SubmittedRegions?
    package var policy: SubmissionPolicy?

    package init(
        studyInstanceUID: String, task: ClinicalTask, priority: Priority? = nil, site: String? = nil,
        accessionNumber: String? = nil, patientID: String? = nil, series: [SubmittedSeries],
        regions: SubmittedRegions? = nil, policy: SubmissionPolicy? = nil
    ) {
        self.studyInstanceUID = studyInstanceUID
        self.task = task
        self.priority = priority
        self.site = site
        self.accessionNumber = accessionNumber
        self.patientID = patientID
        self.series = series
        self.regions = regions
        self.policy = policy
    }
}

/// One MR sequence of the submitted study and where its files are.
package struct SubmittedSeries: Codable, Sendable, Equatable {
    package var sequence: MRSequence
    /// `file:…` beneath a configured root.
    package var location: String
    package var seriesInstanceUID: String?
    package var plane: Plane?
    /// SHA-256 of the file as located, lower-case hexadecimal; checked when given.
    package var sha256: String?

    package init(
        sequence: MRSequence, location: String, seriesInstanceUID: String? = nil, plane: Plane? = nil,
        sha256: String? = nil
    ) {
        self.sequence = sequence
        self.location = location
        self.seriesInstanceUID = seriesInstanceUID
        self.plane = plane
        self.sha256 = sha256
    }
}

/// Which regions of the study are asked about: exactly one of the four.
package struct SubmittedRegions: Codable, Sendable, Equatable {
    package var mask: RegionMask?
    package var boxes: [RegionBox]?
    package var contours: [RegionContour]?
    package var seeds: [RegionSeed]?

    package init(
        mask: RegionMask? = nil, boxes: [RegionBox]? = nil, contours: [RegionContour]? = nil,
        seeds: [RegionSeed]? = nil
    ) {
        self.mask = mask
        self.boxes = boxes
        self.contours = contours
        self.seeds = seeds
    }
}

/// A label map; with `labels` each label is a region, without each connected component is.
package struct RegionMask: Codable, Sendable, Equatable {
    package var location: String
    package var labels: [Int]?

    package init(location: String, labels: [Int]? = nil) {
        self.location = location
        self.labels = labels
    }
}

/// A box around a region, corners included.
package struct RegionBox: Codable, Sendable, Equatable {
    /// In which coordinates the corners are given.
    package enum Frame: String, Codable, Sendable, CaseIterable {
        /// RAS+ mm.
        case world
        /// Voxel indices i, j, k of `series`, counted from 0.
        case voxel
    }

    package var id: String?
    package var frame: Frame
    /// Index into the study's series, counted from 0; needed for voxel boxes.
    package var series: Int?
    package var minimum: [Double]
    package var maximum: [Double]

    package init(id: String? = nil, frame: Frame, series: Int? = nil, minimum: [Double], maximum: [Double]) {
        self.id = id
        self.frame = frame
        self.series = series
        self.minimum = minimum
        self.maximum = maximum
    }
}

/// A point inside a region, which is grown from there through voxels of like signal.
package struct RegionSeed: Codable, Sendable, Equatable {
    package var id: String?
    package var frame: RegionBox.Frame
    /// Index into the study's series, counted from 0: in whose voxels the region grows. Default 0.
    package var series: Int?
    /// RAS+ mm, or voxel indices i, j, k.
    package var point: [Double]
    /// How far it may grow from the point, mm. Default 30.
    package var radiusMM: Double?

    package init(
        id: String? = nil, frame: RegionBox.Frame, series: Int? = nil, point: [Double], radiusMM: Double? = nil
    ) {
        self.id = id
        self.frame = frame
        self.series = series
        self.point = point
        self.radiusMM = radiusMM
    }
}

/// An ImageJ selection on one slice of a series.
package struct RegionContour: Codable, Sendable, Equatable {
    package var id: String?
    package var series: Int
    /// Counted from 1 in the series' DICOM order; of other files in the order in which slices are stored.
    package var slice: Int
    package var location: String

    package init(id: String? = nil, series: Int, slice: Int, location: String) {
        self.id = id
        self.series = series
        self.slice = slice
        self.location = location
    }
}

/// What to do when a sequence is absent that a network wants.
package enum MissingSequencesPolicy: String, Codable, Sendable, CaseIterable {
    case reject
    case partial
}

/// What to do when a series that a network wants is not good enough to be used.
package enum UnusableImagesPolicy: String, Codable, Sendable, CaseIterable {
    /// The study is rejected.
    case reject
    /// Networks that want the series abstain; the others answer.
    case partial
    /// No network answers of any region of the study.
    case abstain
    /// The series is used all the same, and the result says what is wrong with it.
    case use
}

/// How the publisher wants doubtful cases handled.
package struct SubmissionPolicy: Codable, Sendable, Equatable {
    package var missingSequences: MissingSequencesPolicy?
    /// Default: the service's own setting.
    package var unusableImages: UnusableImagesPolicy?
    /// Seconds from admission until the study ends with what is there. Default 900.
    package var deadlineSeconds: Double?

    package init(
        missingSequences: MissingSequencesPolicy? = nil, unusableImages: UnusableImagesPolicy? = nil,
        deadlineSeconds: Double? = nil
    ) {
        self.missingSequences = missingSequences
        self.unusableImages = unusableImages
        self.deadlineSeconds = deadlineSeconds
    }
}

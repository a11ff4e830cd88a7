/// Why something could not be done, in a word that programs can act on. Stable: part of the public contract.
package enum ReasonCode: String, Codable, Sendable, CaseIterable {
    // The body of a message.
    case bodyEmpty = "body-empty"
    case bodyTooLarge = "body-too-large"
    case invalidUTF8 = "invalid-utf8"
    case malformedJSON = "malformed-json"
    case nestingTooDeep = "nesting-too-deep"
    case unsupportedVersion = "unsupported-version"
    case missingField = "missing-field"
    case invalidField = "invalid-field"

    // What a study asks for.
    case unknownTask = "unknown-task"
    case noSeries = "no-series"
    case duplicateSequence = "duplicate-sequence"
    case missingSequence = "missing-sequence"
    case duplicateStudy = "duplicate-study"
    case regionsMissing = "regions-missing"
    case regionKindUnsupported = "region-kind-unsupported"

    // Where its files are.
    case locationOutsideRoot = "location-outside-root"
    case locationSchemeDisabled = "location-scheme-disabled"
    case fileMissing = "file-missing"
    case fileUnreadable = "file-unreadable"
    case fileTooLarge = "file-too-large"
    case checksumMismatch = "checksum-mismatch"
    case imageFormatUnsupported = "image-format-unsupported"

    // What is in them.
    case gzipCorrupt = "gzip-corrupt"
    case niftiHeaderInvalid = "nifti-header-invalid"
    case niftiDimensionsInvalid = "nifti-dimensions-invalid"
    case niftiTypeUnsupported = "nifti-type-unsupported"
    case niftiTruncated = "nifti-truncated"
    case niftiOversized = "nifti-oversized"
    case affineInvalid = "affine-invalid"
    case voxelsNonFinite = "voxels-non-finite"
    case pictureCorrupt = "picture-corrupt"
    case dicomInvalid = "dicom-invalid"
    case dicomSyntaxUnsupported = "dicom-syntax-unsupported"
    case dicomGeometryInvalid = "dicom-geometry-invalid"
    case dicomSlicesMissing = "dicom-slices-missing"
    case seriesMissing = "series-missing"
    case seriesAmbiguous = "series-ambiguous"
    case converterMissing = "converter-missing"
    case converterFailed = "converter-failed"
    case converterLimit = "converter-limit"

    // Which regions of them.
    case maskGeometryMismatch = "mask-geometry-mismatch"
    case maskEmpty = "mask-empty"
    case maskLabelMissing = "mask-label-missing"
    case boxInvalid = "box-invalid"
    case boxOutsideVolume = "box-outside-volume"
    case tooManyRegions = "too-many-regions"
    case contourInvalid = "contour-invalid"
    case contourUnsupported = "contour-unsupported"
    case contourOutsideVolume = "contour-outside-volume"
    case seedInvalid = "seed-invalid"

    // Whether they are good enough.
    case imageUnusable = "image-unusable"

    // What classifies them.
    case modelMissing = "model-missing"
    case modelDamaged = "model-damaged"
    case modelInputMismatch = "model-input-mismatch"

    // Whether their answer is to be trusted, by the policy of the model's folder.
    case outOfDistribution = "out-of-distribution"
    case conformalSetAmbiguous = "conformal-set-ambiguous"
    case lowConfidence = "low-confidence"

    // The servers in between.
    case tensorMissing = "tensor-missing"
    case tensorExpired = "tensor-expired"
    case tensorCorrupt = "tensor-corrupt"
    case storeUnavailable = "store-unavailable"
    case storeOutOfMemory = "store-out-of-memory"
    case brokerUnavailable = "broker-unavailable"
    case publicationRefused = "publication-refused"
    case unroutable = "unroutable"

    // Time and accident.
    case deadlineExceeded = "deadline-exceeded"
    case processingTimeout = "processing-timeout"
    case workerCrashed = "worker-crashed"
    case internalError = "internal-error"

    /// Whether it is an answer in itself: a network looked, and its model's policy lets it say nothing. Nothing is
    /// missing then, and trying again would not help.
    package var isByPolicy: Bool {
        switch self {
        case .outOfDistribution, .conformalSetAmbiguous, .lowConfidence: true
        default: false
        }
    }
}

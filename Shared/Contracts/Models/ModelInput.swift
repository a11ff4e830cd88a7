/// What a model wants to be fed: the member `input` of `model.json`.
package struct ModelInput: Codable, Sendable, Equatable {
    /// One channel each, in this order. A lymph-node model names its one sequence, which fills all its channels.
    package var sequences: [MRSequence]
    /// Distance between samples in mm along x, y (and z).
    package var spacing: [Double]
    /// Samples along x, y (and z).
    package var size: [Int]
    package var normalization: ModelNormalization
    /// How volumes are resampled: `nearest`, `linear` (the default) or `cubic`. Cut-outs are not.
    package var interpolation: String?

    package init(
        sequences: [MRSequence], spacing: [Double], size: [Int], normalization: ModelNormalization,
        interpolation: String? = nil
    ) {
        self.sequences = sequences
        self.spacing = spacing
        self.size = size
        self.normalization = normalization
        self.interpolation = interpolation
    }

    /// Names size, spacing, normalization and interpolation: models whose names are equal share their patches.
    package var specification: String {
        let lengths = size.map(String.init).joined(separator: "x")
        let distances = spacing.map { "\($0)" }.joined(separator: "x")
        return "\(lengths)@\(distances)-\(normalization.name)" + (interpolation.map { "-\($0)" } ?? "")
    }
}

/// The mean of a model's padded training cut-outs: a safetensors file beside `model.json` whose tensor `mean`, float32
/// [1 or channels, rows, columns], is as large as the model's input.
package struct ModelMeanImage: Codable, Sendable, Equatable {
    /// A name in the model folder.
    package var file: String
    /// Of the file, in lower-case hexadecimal.
    package var sha256: String

    package init(file: String, sha256: String) {
        self.file = file
        self.sha256 = sha256
    }
}

/// How a model wants intensities: the member `input.normalization` of `model.json`.
package struct ModelNormalization: Codable, Sendable, Equatable {
    /// `none`, `z-score` or `min-max`.
    package var method: String
    /// Which voxels are measured: `head`, `otsu`, `nonzero` or `all`.
    package var measured: String?
    /// Percentiles for `min-max`, 0 to 100.
    package var lowerPercentile: Double?
    package var upperPercentile: Double?
    /// Standard deviations at which `z-score` clips.
    package var clip: Double?
    /// Subtracted from a cut-out whose values run from 0 to 1.
    package var mean: Double?
    /// Subtracted from a padded cut-out, pixel by pixel, as ``mean`` is; nil for none.
    package var meanImage: ModelMeanImage?
    /// Multiplies what is left of a cut-out's pixels; nil for 1.
    package var scale: Double?
    /// Done to each volume before; none by default.
    package var steps: [PreparationStep]?

    package init(
        method: String, measured: String? = nil, lowerPercentile: Double? = nil, upperPercentile: Double? = nil,
        clip: Double? = nil, mean: Double? = nil, scale: Double? = nil, steps: [PreparationStep]? = nil,
        meanImage: ModelMeanImage? = nil
    ) {
        self.method = method
        self.measured = measured
        self.lowerPercentile = lowerPercentile
        self.upperPercentile = upperPercentile
        self.clip = clip
        self.mean = mean
        self.scale = scale
        self.steps = steps
        self.meanImage = meanImage
    }

    var name: String {
        let scales = scale.map { [$0] } ?? []
        let numbers = ([lowerPercentile, upperPercentile, clip, mean] + scales).map { $0.map { "\($0)" } ?? "" }
        let isPlain = numbers.allSatisfy(\.isEmpty)
        let before = (steps ?? []).map { $0.text }
        let image = meanImage.map { ["image-\($0.sha256.prefix(16))"] } ?? []
        return (before + [method] + (measured.map { [$0] } ?? []) + (isPlain ? [] : numbers) + image)
            .joined(separator: "_")
    }
}

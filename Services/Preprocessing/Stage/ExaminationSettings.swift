package import Contracts
package import Imaging

/// What preprocessing measures against, and what it does about images that are not good enough.
package struct ExaminationSettings: Sendable, Equatable {
    package var thresholds: QualityThresholds
    /// Where a study does not say.
    package var unusableImages: UnusableImagesPolicy
    package var criteria: NodeCriteriaSettings

    package init(
        thresholds: QualityThresholds = QualityThresholds(), unusableImages: UnusableImagesPolicy = .partial,
        criteria: NodeCriteriaSettings = NodeCriteriaSettings()
    ) {
        self.thresholds = thresholds
        self.unusableImages = unusableImages
        self.criteria = criteria
    }
}

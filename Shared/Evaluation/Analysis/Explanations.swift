package import Contracts
package import Datasets

/// Where a network looks: Grad-CAM of one system on one cohort.
package struct ExplanationFigure: Sendable, Encodable {
    package struct Step: Sendable, Encodable {
        /// The last layer whose weights were drawn anew; with it all behind it were.
        package let layer: String
        /// Of the maps with those of the network as it is, over the cases.
        package let rankCorrelation, structuralSimilarity: Double
    }

    package let system: String
    package let task: ClassifierRole
    package let cohort: Cohort
    package let layer: String
    package let count: Int
    /// Share of the heat inside the lesion, over the cases; nil where no outline is known.
    package let inside: MeanFigure?
    /// Share of the patch inside the lesion: what an even map would reach.
    package let chance: MeanFigure?
    /// Share of cases whose hottest place lies inside the lesion.
    package let pointing: ShareFigure?
    package let randomization: [Step]
}

/// How far apart the outcomes of a cohort look.
package struct CohortDifficulty: Sendable, Equatable {
    /// d′: the distance of the class means of the leading latent in standard deviations (brains), or of all latents
    /// together (nodes).
    package let separation: Double

    /// Attainable AUC about 0.98.
    package static let easy = CohortDifficulty(separation: 3)
    /// About 0.94.
    package static let moderate = CohortDifficulty(separation: 2.2)
    /// About 0.84: like the AUCs that Jiao et al. report.
    package static let hard = CohortDifficulty(separation: 1.4)

    package init(separation: Double) { self.separation = separation }

    /// From `easy`, `moderate`, `hard`, or a d′ from 0 to 20; nil for anything else.
    package init?(_ text: String) {
        switch text {
        case "easy": self = .easy
        case "moderate": self = .moderate
        case "hard": self = .hard
        default:
            guard let number = Double(text), (0...20).contains(number) else { return nil }
            separation = number
        }
    }
}

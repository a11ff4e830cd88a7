package import Contracts

/// From which value on a criterion counts, and which rule goes with the short axis.
///
/// No source gives numbers for these criteria. The thresholds are ours, between the phantoms' smooth, even, oval nodes
/// and their irregular, mixed, round ones (the signal's overlap, because a bright hilum is uneven too). They have no
/// clinical standing.
package struct NodeCriteriaSettings: Codable, Sendable, Equatable {
    package var borderIrregularity: Double
    package var signalHeterogeneity: Double
    package var roundness: Double
    package var rule: ReaderCall.Rule

    package init(
        borderIrregularity: Double = 0.045, signalHeterogeneity: Double = 0.1, roundness: Double = 0.7,
        rule: ReaderCall.Rule = .paper
    ) {
        self.borderIrregularity = borderIrregularity
        self.signalHeterogeneity = signalHeterogeneity
        self.roundness = roundness
        self.rule = rule
    }
}

/// The three criteria by which readers judge a lymph node on T2-weighted images (Li et al., Quant Imaging Med Surg
/// 2021;11:2477), measured as numbers, and what the readers' rules make of them. Beside the network's probability, never
/// part of it.
package struct NodeCriteria: Codable, Sendable, Equatable {
    /// The plane of the cross-section that was measured.
    package var plane: Plane
    /// How far the outline wanders about the ellipse of the same area and second moments: the root mean square of
    /// (radius / ellipse's radius − 1), less what the pixel grid itself makes.
    package var borderIrregularity: Criterion
    /// Coefficient of variation of the signal inside (standard deviation / mean), less the noise's share.
    package var signalHeterogeneity: Criterion
    /// Short by long axis of the ellipse of the same second moments: 1 is round.
    package var roundness: Criterion
    package var shortAxisMM: Double
    /// Suspicious with two of the three criteria.
    package var withoutShortAxis: ReaderCall
    /// Suspicious with as many criteria as the short axis asks for.
    package var withShortAxis: ReaderCall

    package init(
        plane: Plane, borderIrregularity: Criterion, signalHeterogeneity: Criterion, roundness: Criterion,
        shortAxisMM: Double, withoutShortAxis: ReaderCall, withShortAxis: ReaderCall
    ) {
        self.plane = plane
        self.borderIrregularity = borderIrregularity
        self.signalHeterogeneity = signalHeterogeneity
        self.roundness = roundness
        self.shortAxisMM = shortAxisMM
        self.withoutShortAxis = withoutShortAxis
        self.withShortAxis = withShortAxis
    }
}

/// One measured criterion.
package struct Criterion: Codable, Sendable, Equatable {
    package var value: Double
    /// At and above it the criterion counts.
    package var threshold: Double
    package var isMet: Bool

    package init(value: Double, threshold: Double) {
        self.value = value
        self.threshold = threshold
        isMet = value >= threshold
    }
}

/// What a rule for readers says.
package struct ReaderCall: Codable, Sendable, Equatable {
    package enum Rule: String, Codable, Sendable, CaseIterable {
        /// Two of three, whatever the size.
        case withoutShortAxis = "without-short-axis"
        /// By the paper's text: below 5 mm all three, from 5 to 9 mm two, above 9 mm all three.
        case paper
        /// As the ESGAR consensus of 2016 (Beets-Tan et al., Eur Radiol 2018;28:1465): below 5 mm all three, from 5 mm
        /// two, from 9 mm on suspicious by size.
        case esgar
    }

    package var rule: Rule
    /// How many criteria the rule asks for.
    package var needed: Int
    package var met: Int
    package var isSuspicious: Bool

    package init(rule: Rule, shortAxisMM: Double, met: Int) {
        self.rule = rule
        self.met = met
        switch rule {
        case .withoutShortAxis: needed = 2
        case .paper: needed = 5...9 ~= shortAxisMM ? 2 : 3
        case .esgar: needed = shortAxisMM >= 9 ? 0 : shortAxisMM >= 5 ? 2 : 3
        }
        isSuspicious = met >= needed
    }
}

package import Contracts

/// Says which sequence a series is, by what the scanner wrote about it.
///
/// Each rule of the table that holds speaks for one kind with its weight. The kind with the most weight wins where it
/// has at least two and one more than the next; otherwise nothing is said. T1 with a contrast medium on record, or in
/// its name, is T1CE.
package enum SeriesRecognition {
    /// - Parameter attributes: from a DICOM header or a BIDS sidecar.
    /// - Returns: the sequence, if any, with the rules that spoke for it.
    package static func recognize(_ attributes: SeriesAttributes) -> RecognizedSeries {
        let clues = SeriesClues(attributes)
        let holding = RecognitionRule.all.filter { $0.holds(clues) }
        var weights: [SeriesKind: Int] = [:]
        for rule in holding { weights[rule.kind, default: 0] += rule.weight }
        let ranked = weights.sorted { $0.value > $1.value }
        guard let first = ranked.first, first.value >= 2, first.value > (ranked.dropFirst().first?.value ?? 0) else {
            return RecognizedSeries(sequence: nil, evidence: holding.map(\.name))
        }
        var evidence = holding.filter { $0.kind == first.key }.map(\.name)
        switch first.key {
        case .other(let name):
            return RecognizedSeries(sequence: nil, other: name, evidence: evidence)
        case .sequence(.t1):
            let contrast = contrastEvidence(clues)
            evidence += contrast
            return RecognizedSeries(sequence: contrast.isEmpty ? .t1 : .t1ce, evidence: evidence)
        case .sequence(.dwi):
            if let b = clues.highestBValue { evidence.append("b = \(Int(b.rounded())) s/mm²") }
            return RecognizedSeries(sequence: .dwi, bValue: clues.highestBValue, evidence: evidence)
        case .sequence(let sequence):
            return RecognizedSeries(sequence: sequence, evidence: evidence)
        }
    }

    private static func contrastEvidence(_ clues: SeriesClues) -> [String] {
        var evidence: [String] = []
        // A medium on record counts unless the name says that the series was made before it was given.
        if clues.hasContrastAgent, !clues.deniesContrast { evidence.append("contrast medium on record") }
        if clues.saysContrast { evidence.append("name: contrast") }
        return evidence
    }

    /// The note on a series that its publisher calls something else; nil where nothing contradicts.
    package static func contradiction(_ published: MRSequence, _ recognized: RecognizedSeries?) -> SeriesNote? {
        guard let recognized else { return nil }
        let found: String
        if let sequence = recognized.sequence {
            guard sequence != published else { return nil }
            found = sequence.rawValue
        } else if let other = recognized.other {
            found = other
        } else {
            return nil
        }
        return SeriesNote(
            .sequenceContradicted,
            "published as \(published.rawValue), which is used; the scanner's words say \(found) ("
                + recognized.evidence.joined(separator: "; ") + ")")
    }
}

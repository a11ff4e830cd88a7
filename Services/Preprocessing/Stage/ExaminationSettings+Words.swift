import Contracts
import Imaging
package import ServiceRuntime

extension ExaminationSettings {
    /// From the words of the settings `unusable.images`, `quality`, `criteria` and `readers.rule`; what is absent keeps
    /// its default.
    ///
    /// - Throws: ``SettingsError`` naming the key.
    package init(words: [String: String]) throws(SettingsError) {
        self.init()
        if let word = words[SettingsKey.unusableImages.name] {
            guard let policy = UnusableImagesPolicy(rawValue: word) else {
                throw SettingsError(
                    key: SettingsKey.unusableImages.name, expected: "reject, partial, abstain or use", found: word)
            }
            unusableImages = policy
        }
        if let word = words[SettingsKey.readersRule.name] {
            guard let rule = ReaderCall.Rule(rawValue: word), rule != .withoutShortAxis else {
                throw SettingsError(key: SettingsKey.readersRule.name, expected: "paper or esgar", found: word)
            }
            criteria.rule = rule
        }
        try Self.pairs(words[SettingsKey.criteria.name], SettingsKey.criteria, numbers: 1) { name, values in
            switch name {
            case "border": criteria.borderIrregularity = values[0]
            case "signal": criteria.signalHeterogeneity = values[0]
            case "roundness": criteria.roundness = values[0]
            default: return false
            }
            return true
        }
        try Self.pairs(words[SettingsKey.quality.name], SettingsKey.quality, numbers: 2) { name, values in
            let limits = QualityThresholds.Limits(degraded: values[0], unusable: values[1])
            switch name {
            case "snr": thresholds.signalToNoise = limits
            case "ghosting": thresholds.ghosting = limits
            case "saturation": thresholds.saturation = limits
            case "spacing": thresholds.sliceSpacing = limits
            case "slices": thresholds.faultySlices = limits
            case "coverage": thresholds.coverage = limits
            default: return false
            }
            return true
        }
    }

    /// `name=1:2,other=3:4`
    private static func pairs(
        _ text: String?, _ key: SettingsKey, numbers: Int, _ take: (String, [Double]) -> Bool
    ) throws(SettingsError) {
        for pair in (text ?? "").split(separator: ",") {
            let parts = pair.split(separator: "=")
            let values = parts.last.map { $0.split(separator: ":").compactMap { Double(String($0)) } } ?? []
            guard parts.count == 2, values.count == numbers, values.allSatisfy({ $0.isFinite && $0 >= 0 }),
                take(parts[0].filter { $0 != " " }, values)
            else { throw SettingsError(key: key.name, expected: key.defaultText, found: String(pair)) }
        }
    }
}

internal import FoundationEssentials
internal import Glibc
internal import NeuralNetwork

/// What ``TrustFitter`` found, to be written into the folder of the model that the logits came from.
package struct Trust: Sendable {
    package let calibration: Calibration
    package let classes: Int
    /// By label: its quantile.
    package internal(set) var conformal: (kind: TrustDescription.Conformal.Kind, coverage: Double, quantiles: [Double])?
    package internal(set) var outOfDistribution: OutOfDistributionFit.Outcome?
    package internal(set) var policy: TrustDescription.Policy?
    /// For people: cases, log loss before and after.
    package internal(set) var figures: [String: JSONValue]

    init(
        calibration: Calibration, classes: Int, policy: TrustDescription.Policy?, figures: [String: JSONValue]
    ) {
        self.calibration = calibration
        self.classes = classes
        self.policy = policy
        self.figures = figures
    }

    /// A figure more, for people.
    package mutating func add(figure name: String, _ value: JSONValue) { figures[name] = value }

    /// Share of cases that lie outside of what the training knows.
    ///
    /// - Parameter features: a vector for each case.
    /// - Returns: 0 to 1; nil where no distance was fitted, or there are no cases.
    package func outsideShare(of features: [[Float]]) -> Double? {
        guard let outside = outOfDistribution, !features.isEmpty else { return nil }
        let count = features.count { outside.detector.distance(of: $0.map(Double.init)) > outside.threshold }
        return Double(count) / Double(features.count)
    }

    /// What became of a folder.
    package struct Written: Sendable {
        package let description: ModelDescription
        /// The threshold that the folder had.
        package let formerThreshold: Double
    }

    /// Writes the trust into a model folder: `calibration`, `trust` and `threshold` of `model.json`, and a trust file
    /// where there is a measure of distance. Readers see the old state or the whole new one; services take it up by
    /// themselves.
    ///
    /// The threshold moves along with the calibration, so that each case keeps its label. What was fitted before and is
    /// not fitted now stays where it is for the same weights, if it may: the distance from the training, and the policy.
    /// All other members of `model.json` are left as they are.
    ///
    /// - Parameters:
    ///   - folder: a whole model folder.
    ///   - threshold: of the second label, for calibrated probabilities; nil to move the folder's along.
    ///   - keepsFormer: whether distance and policy of an earlier fit stay where there are no new ones.
    /// - Returns: the description as it is now.
    /// - Throws: ``ClassifierError`` for a folder that cannot be used, or not with this trust; what the file system says.
    @discardableResult
    package func write(
        to folder: String, threshold: Double? = nil, keepsFormer: Bool = true
    ) throws -> Written {
        let path = folder + "/" + ModelFolder.descriptionFile
        let described = try ModelFolder.loadDescription(path: folder)
        var architecture = described.architecture
        let weights = try ModelFolder.loadWeights(path: folder, of: &architecture)
        try check(described, features: weights.graph.featureCount, folder: folder)
        guard case .object(var members)? = JSONValue(Array(try Data(contentsOf: URL(filePath: path)))) else {
            throw ClassifierError.modelDamaged(path: folder, reason: "model.json is no JSON object")
        }

        let known = described.trust.flatMap { keepsFormer && $0.weightsSHA256 == weights.sha256 ? $0 : nil }
        var trust = TrustDescription(weightsSHA256: weights.sha256, figures: .object(figures))
        if let conformal {
            trust.conformal = .init(
                kind: conformal.kind, coverage: conformal.coverage,
                quantiles: Dictionary(zip(described.labels, conformal.quantiles)) { first, _ in first })
        }
        trust.policy = policy ?? known?.policy
        trust.outOfDistribution = known?.outOfDistribution
        var fresh: String?
        if let outside = outOfDistribution {
            let former = described.trust?.outOfDistribution?.file
            let name =
                OutOfDistributionDetector.fileNames.first { $0 != former } ?? OutOfDistributionDetector.fileNames[0]
            let sha256 = try outside.detector.write(to: folder + "/" + name)
            fresh = folder + "/" + name
            trust.outOfDistribution = .init(
                file: name, sha256: sha256, threshold: outside.threshold, quantile: outside.insideShare)
        }
        do {
            members["calibration"] = try Self.value(calibration)
            members["trust"] = try Self.value(trust)
            members["threshold"] = .double(
                threshold ?? described.calibration.orNone.moved(described.threshold, to: calibration))
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let data = try encoder.encode(JSONValue.object(members))
            let description = try JSONDecoder().decode(ModelDescription.self, from: data)
            let contradictions = description.contradictions
            guard contradictions.isEmpty else {
                throw ClassifierError.modelDamaged(
                    path: folder, reason: "it would be: \(contradictions.joined(separator: "; "))")
            }
            try data.write(to: URL(filePath: path), options: .atomic)
            if let former = described.trust?.outOfDistribution?.file, former != trust.outOfDistribution?.file {
                unlink(folder + "/" + former)
            }
            return Written(description: description, formerThreshold: described.threshold)
        } catch {
            if let fresh { unlink(fresh) }
            throw error
        }
    }

    private func check(_ model: ModelDescription, features: Int?, folder: String) throws {
        guard max(2, model.architecture.classes) == classes else {
            throw TrustError.shapeMismatch(
                what: "\(folder): labels of the logits", expected: "\(model.labels.count)", got: "\(classes)")
        }
        if let outside = outOfDistribution, outside.detector.featureCount != features {
            throw TrustError.shapeMismatch(
                what: "\(folder): numbers in a vector of features", expected: features.map(String.init) ?? "none",
                got: "\(outside.detector.featureCount)")
        }
    }

    private static func value(_ value: some Encodable) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: try JSONEncoder().encode(value))
    }
}

extension Optional<Calibration> {
    fileprivate var orNone: Calibration { self ?? .none }
}

extension Calibration {
    /// A threshold of these probabilities as one of another calibration's, for two classes: it parts the same logits.
    /// A threshold is often a case's own probability, which is a float32: of the numbers that round to it, the least is
    /// moved, and the outcome is rounded as probabilities are.
    package func moved(_ threshold: Double, to other: Calibration) -> Double {
        guard self != other, threshold > 0, threshold < 1 else { return threshold }
        var single = Float(threshold)
        if Double(single) < threshold { single = single.nextUp }
        let least = (Double(single) + Double(single.nextDown)) / 2
        let score = threshold == 0.5 ? 0 : log(least / (1 - least))
        let difference: Double =
            switch self {
            case .none: score
            case .temperature(let temperature): score * temperature
            case .platt(let slope, let intercept): (score - intercept) / slope
            }
        let moved: Double =
            switch other {
            case .none: difference
            case .temperature(let temperature): difference / temperature
            case .platt(let slope, let intercept): slope * difference + intercept
            }
        return Double(Float(moved >= 0 ? 1 / (1 + exp(-moved)) : exp(moved) / (1 + exp(moved))))
    }
}

extension ModelDescription {
    /// The detector that the description names.
    ///
    /// - Parameters:
    ///   - path: the folder.
    ///   - weightsSHA256: of the weights that lie there.
    ///   - features: numbers that the network's last layer sees.
    /// - Returns: nil for a description without one.
    /// - Throws: `ClassifierError.modelDamaged` for figures of other weights, another file than the pinned one, or one
    ///   that does not fit the network.
    func loadDetector(
        beside path: String, weightsSHA256: String, features: Int?
    ) throws(ClassifierError) -> OutOfDistributionDetector? {
        guard let trust else { return nil }
        guard trust.weightsSHA256 == weightsSHA256 else {
            throw .modelDamaged(
                path: path,
                reason: "calibration and trust were fitted for other weights (\(trust.weightsSHA256.prefix(12))…, the "
                    + "folder has \(weightsSHA256.prefix(12))…); run 'oncorelay model calibrate' again")
        }
        guard let outside = trust.outOfDistribution else { return nil }
        do {
            let detector = try OutOfDistributionDetector.load(
                path: path + "/" + outside.file, sha256: outside.sha256, classes: labels.count)
            guard detector.featureCount == features else {
                throw TrustError.shapeMismatch(
                    what: "\(outside.file): features", expected: features.map(String.init) ?? "none",
                    got: "\(detector.featureCount)")
            }
            return detector
        } catch {
            throw .modelDamaged(path: path, reason: "\(error)")
        }
    }
}

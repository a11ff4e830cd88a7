internal import Glibc

/// How logits become probabilities that can be taken at their word. Written in `model.json` as
/// `{"kind": "temperature", "temperature": T}`, `{"kind": "platt", "slope": a, "intercept": b}`, or `{}` for none.
package enum Calibration: Sendable, Equatable {
    case none
    /// Logits divided by a temperature above 0 (Guo et al. 2017).
    case temperature(Double)
    /// `p = σ(slope · z + intercept)` of the second label's logit less the first's (Platt 1999). Two classes only.
    case platt(slope: Double, intercept: Double)

    /// What results call it; nil for none.
    package var name: String? {
        switch self {
        case .none: nil
        case .temperature: "temperature"
        case .platt: "platt"
        }
    }

    /// Probabilities over the labels.
    ///
    /// - Parameter logits: one number per class; or a single one, the second label's, of which the sigmoid is taken.
    /// - Returns: as many numbers as labels (two for a single logit), which sum to one.
    package func probabilities(logits: [Float]) -> [Float] {
        let values = logits.map(Double.init)
        // Two classes' softmax is the sigmoid of their difference.
        if values.count <= 2 {
            let difference = values.count == 1 ? values[0] : values[1] - values[0]
            let score =
                switch self {
                case .none: difference
                case .temperature(let temperature): difference / temperature
                case .platt(let slope, let intercept): slope * difference + intercept
                }
            return [Float(Self.sigmoid(-score)), Float(Self.sigmoid(score))]
        }
        var temperature = 1.0
        if case .temperature(let value) = self { temperature = value }
        let largest = values.max() ?? 0
        let powers = values.map { exp(($0 - largest) / temperature) }
        let sum = powers.reduce(0, +)
        return powers.map { Float($0 / sum) }
    }

    private static func sigmoid(_ value: Double) -> Double {
        value >= 0 ? 1 / (1 + exp(-value)) : exp(value) / (1 + exp(value))
    }
}

extension Calibration: Codable {
    private enum CodingKeys: String, CodingKey { case kind, temperature, slope, intercept }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let kind = try container.decodeIfPresent(String.self, forKey: .kind)
        func number(_ key: CodingKeys) throws -> Double {
            let value = try container.decode(Double.self, forKey: key)
            guard value.isFinite, key != .temperature || value > 0 else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "not a usable number: \(value)")
            }
            return value
        }
        switch kind {
        case nil where container.allKeys.isEmpty, "none": self = .none
        case "temperature": self = .temperature(try number(.temperature))
        case "platt": self = .platt(slope: try number(.slope), intercept: try number(.intercept))
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .kind, in: container,
                debugDescription: "expected none, temperature or platt, got \(kind ?? "nothing")")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .none: break
        case .temperature(let temperature):
            try container.encode("temperature", forKey: .kind)
            try container.encode(temperature, forKey: .temperature)
        case .platt(let slope, let intercept):
            try container.encode("platt", forKey: .kind)
            try container.encode(slope, forKey: .slope)
            try container.encode(intercept, forKey: .intercept)
        }
    }
}

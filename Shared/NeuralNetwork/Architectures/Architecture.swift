/// The networks that can be asked for, as `model.json` writes them (`"kind"` says which).
package enum Architecture: Sendable, Equatable {
    case resnet3D(ResNet3D)
    case inceptionV3(InceptionV3)

    /// The network's layers.
    ///
    /// - Parameter forTraining: whether layers that only training looks at (Inception's auxiliary head) are there.
    /// - Returns: the graph.
    /// - Throws: `NeuralNetworkError.invalidArchitecture` for numbers that no network can have.
    package func graph(forTraining: Bool = false) throws(NeuralNetworkError) -> NetworkGraph {
        switch self {
        case .resnet3D(let network): try network.graph()
        case .inceptionV3(let network): try network.graph(withAuxiliaryHead: forTraining)
        }
    }

    package var kind: String {
        switch self {
        case .resnet3D: ResNet3D.kind
        case .inceptionV3: InceptionV3.kind
        }
    }

    package var classes: Int {
        get {
            switch self {
            case .resnet3D(let network): network.classes
            case .inceptionV3(let network): network.classes
            }
        }
        set {
            switch self {
            case .resnet3D(var network):
                network.classes = newValue
                self = .resnet3D(network)
            case .inceptionV3(var network):
                network.classes = newValue
                self = .inceptionV3(network)
            }
        }
    }

    package var inputChannels: Int {
        get {
            switch self {
            case .resnet3D(let network): network.inputChannels
            case .inceptionV3(let network): network.inputChannels
            }
        }
        set {
            switch self {
            case .resnet3D(var network):
                network.inputChannels = newValue
                self = .resnet3D(network)
            case .inceptionV3(var network):
                network.inputChannels = newValue
                self = .inceptionV3(network)
            }
        }
    }

    package var spatialRank: Int {
        switch self {
        case .resnet3D: 3
        case .inceptionV3: 2
        }
    }
}

extension Architecture: Codable {
    private enum CodingKeys: String, CodingKey { case kind }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let kind = try container.decode(String.self, forKey: .kind)
        switch kind {
        case ResNet3D.kind: self = .resnet3D(try ResNet3D(from: decoder))
        case InceptionV3.kind: self = .inceptionV3(try InceptionV3(from: decoder))
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .kind, in: container,
                debugDescription: "unknown architecture \(kind); known are \(ResNet3D.kind), \(InceptionV3.kind)")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        switch self {
        case .resnet3D(let network): try network.encode(to: encoder)
        case .inceptionV3(let network): try network.encode(to: encoder)
        }
    }
}

/// Helps an architecture refuse settings that it does not know: a misspelled one would change the network silently.
struct AnyCodingKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }

    static func refuseUnknown(_ decoder: any Decoder, known: [String]) throws {
        let container = try decoder.container(keyedBy: AnyCodingKey.self)
        let unknown = container.allKeys.map(\.stringValue).filter { !known.contains($0) }.sorted()
        guard unknown.isEmpty else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "unknown settings \(unknown.joined(separator: ", ")); "
                        + "known are \(known.joined(separator: ", "))"))
        }
    }
}

/// Channels under a width multiplier: rounded, at least one.
func scaled(_ channels: Int, by widthMultiplier: Double) -> Int {
    max(1, Int((Double(channels) * widthMultiplier).rounded()))
}

/// Refuses multipliers and class counts that would make a network of no or of absurd size.
func checkSize(widthMultiplier: Double, classes: Int) throws(NeuralNetworkError) {
    guard widthMultiplier > 0, widthMultiplier <= 8 else {
        throw .invalidArchitecture("widthMultiplier must be above 0 and at most 8, got \(widthMultiplier)")
    }
    guard (1...100_000).contains(classes) else {
        throw .invalidArchitecture("classes must be 1 to 100000, got \(classes)")
    }
}

/// Refuses inputs of no or of absurdly many channels.
func checkChannels(_ inputChannels: Int) throws(NeuralNetworkError) {
    guard (1...1024).contains(inputChannels) else {
        throw .invalidArchitecture("inputChannels must be 1 to 1024, got \(inputChannels)")
    }
}

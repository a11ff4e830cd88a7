/// Inception-v3 (Szegedy et al. 2016) with torchvision's and timm's parameter names.
///
/// Input [N, C, H, W], of at least 75×75, meant for 299×299; output [N, classes], logits. The auxiliary head is part of
/// the graph for training only, and needs at least 139×139.
package struct InceptionV3: Sendable, Equatable {
    /// What the pool branch of the last block (`Mixed_7c`) does.
    package enum LastBlockPool: String, Codable, Sendable {
        case average
        /// The 2015 graph of the paper's authors.
        case maximum
    }

    package static let kind = "inception-v3"
    /// Channels that it has in every publication.
    package static let inputChannels = 3

    package var classes: Int
    /// Channels of the input; other than three only without ``transformInput``.
    package var inputChannels = Self.inputChannels
    /// Whether inputs normalized with ImageNet's mean and deviation are first brought to [−1, 1], as torchvision does.
    package var transformInput = false
    /// Whether the blocks' average pools count padding: torchvision's do, Keras's do not.
    package var averagePoolCountsPadding = true
    package var lastBlockPool: LastBlockPool = .average
    package var widthMultiplier = 1.0

    package init(classes: Int) { self.classes = classes }

    /// - Parameter withAuxiliaryHead: whether `AuxLogits` is computed, too, and is the graph's `auxiliaryOutput`, as
    ///   training wants it. Without it, the head's parameters may stand in a file and are not used.
    /// - Returns: the graph.
    /// - Throws: `NeuralNetworkError.invalidArchitecture`.
    package func graph(withAuxiliaryHead: Bool = false) throws(NeuralNetworkError) -> NetworkGraph {
        try checkSize(widthMultiplier: widthMultiplier, classes: classes)
        try checkChannels(inputChannels)
        guard !transformInput || inputChannels == Self.inputChannels else {
            throw .invalidArchitecture("transformInput is for 3 input channels, got \(inputChannels)")
        }
        var layers = InceptionLayers(network: self, hasAuxiliaryHead: withAuxiliaryHead)
        return layers.build()
    }
}

extension InceptionV3: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case kind, inputChannels, classes, transformInput, averagePoolCountsPadding, lastBlockPool, widthMultiplier
    }

    package init(from decoder: any Decoder) throws {
        try AnyCodingKey.refuseUnknown(decoder, known: CodingKeys.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(classes: try container.decode(Int.self, forKey: .classes))
        inputChannels = try container.decodeIfPresent(Int.self, forKey: .inputChannels) ?? inputChannels
        transformInput = try container.decodeIfPresent(Bool.self, forKey: .transformInput) ?? transformInput
        averagePoolCountsPadding =
            try container.decodeIfPresent(Bool.self, forKey: .averagePoolCountsPadding) ?? averagePoolCountsPadding
        lastBlockPool = try container.decodeIfPresent(LastBlockPool.self, forKey: .lastBlockPool) ?? lastBlockPool
        widthMultiplier = try container.decodeIfPresent(Double.self, forKey: .widthMultiplier) ?? widthMultiplier
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(classes, forKey: .classes)
        if inputChannels != Self.inputChannels { try container.encode(inputChannels, forKey: .inputChannels) }
        try container.encode(transformInput, forKey: .transformInput)
        try container.encode(averagePoolCountsPadding, forKey: .averagePoolCountsPadding)
        try container.encode(lastBlockPool, forKey: .lastBlockPool)
        try container.encode(widthMultiplier, forKey: .widthMultiplier)
    }
}

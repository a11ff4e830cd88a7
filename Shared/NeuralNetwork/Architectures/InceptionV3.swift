/// Inception-v3 (Szegedy et al. 2016) with torchvision's parameter names; the auxiliary head is not computed.
///
/// Input [N, 3, H, W], of at least 75×75, meant for 299×299; output [N, classes], logits.
package struct InceptionV3: Sendable, Equatable {
    /// What the pool branch of the last block (`Mixed_7c`) does.
    package enum LastBlockPool: String, Codable, Sendable {
        case average
        /// The 2015 graph of the paper's authors.
        case maximum
    }

    package static let kind = "inception-v3"
    package static let inputChannels = 3

    package var classes: Int
    /// Whether inputs normalized with ImageNet's mean and deviation are first brought to [−1, 1], as torchvision does.
    package var transformInput = false
    /// Whether the blocks' average pools count padding: torchvision's do, Keras's do not.
    package var averagePoolCountsPadding = true
    package var lastBlockPool: LastBlockPool = .average
    package var widthMultiplier = 1.0

    package init(classes: Int) { self.classes = classes }

    package func graph() throws(NeuralNetworkError) -> NetworkGraph {
        try checkSize(widthMultiplier: widthMultiplier, classes: classes)
        var layers = InceptionLayers(network: self)
        return layers.build()
    }
}

extension InceptionV3: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case kind, classes, transformInput, averagePoolCountsPadding, lastBlockPool, widthMultiplier
    }

    package init(from decoder: any Decoder) throws {
        try AnyCodingKey.refuseUnknown(decoder, known: CodingKeys.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(classes: try container.decode(Int.self, forKey: .classes))
        transformInput = try container.decodeIfPresent(Bool.self, forKey: .transformInput) ?? transformInput
        averagePoolCountsPadding =
            try container.decodeIfPresent(Bool.self, forKey: .averagePoolCountsPadding) ?? averagePoolCountsPadding
        lastBlockPool = try container.decodeIfPresent(LastBlockPool.self, forKey: .lastBlockPool) ?? lastBlockPool
        widthMultiplier = try container.decodeIfPresent(Double.self, forKey: .widthMultiplier) ?? widthMultiplier
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(classes, forKey: .classes)
        try container.encode(transformInput, forKey: .transformInput)
        try container.encode(averagePoolCountsPadding, forKey: .averagePoolCountsPadding)
        try container.encode(lastBlockPool, forKey: .lastBlockPool)
        try container.encode(widthMultiplier, forKey: .widthMultiplier)
    }
}

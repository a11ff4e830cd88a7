/// A 3D residual network (He et al. 2016, with 3D convolutions as Hara et al. 2018), with the parameter names, shapes
/// and strides of MONAI's `resnet18(spatial_dims=3)` and of MedicalNet.
///
/// Depth 18: four stages of two basic blocks, widths 64/128/256/512. Depth 6, which no paper defines: stem, two stages
/// of one basic block, widths 64/128, and the last linear layer are its six weighted layers.
/// Input [N, C, D, H, W]; output [N, classes], logits.
package struct ResNet3D: Sendable, Equatable {
    /// How a block's input gets the shape of its output where the two differ.
    package enum Shortcut: String, Codable, Sendable {
        /// Every stride-th voxel and zero channels; no parameters.
        case stridedZeroPadding = "A"
        /// A 1×1×1 convolution and its normalization.
        case projection = "B"
    }

    package static let kind = "resnet3d"

    package var depth: Int
    package var inputChannels: Int
    package var classes: Int
    /// Stride of the 7×7×7 stem: [2, 2, 2] as MedicalNet, [1, 1, 1] for small patches.
    package var stemStride: [Int] = [2, 2, 2]
    /// Whether the 3×3×3 maximum pool of stride 2 follows the stem.
    package var maxPool = true
    package var shortcut: Shortcut = .projection
    /// Whether shortcut B's convolution has a bias, as MONAI's default and unlike MedicalNet.
    package var shortcutBias = false
    /// Dilation of each stage's 3×3×3 convolutions; a stage dilated by more than 1 is not strided.
    /// MedicalNet: [1, 1, 2, 4]. Nil: none.
    package var dilation: [Int]?
    package var widthMultiplier = 1.0

    package init(depth: Int, inputChannels: Int, classes: Int) {
        self.depth = depth
        self.inputChannels = inputChannels
        self.classes = classes
    }

    /// ε of PyTorch's batch normalization.
    static let epsilon: Float = 1e-5

    private var blocksPerStage: [Int]? {
        switch depth {
        case 6: [1, 1]
        case 18: [2, 2, 2, 2]
        default: nil
        }
    }

    package func graph() throws(NeuralNetworkError) -> NetworkGraph {
        try checkSize(widthMultiplier: widthMultiplier, classes: classes)
        guard let blocks = blocksPerStage else {
            throw .invalidArchitecture("resnet3d has depth 6 or 18, got \(depth)")
        }
        try checkChannels(inputChannels)
        guard stemStride.count == 3, stemStride.allSatisfy({ (1...4).contains($0) }) else {
            throw .invalidArchitecture("stemStride must be three numbers of 1 to 4, got \(stemStride)")
        }
        let dilations = dilation ?? blocks.map { _ in 1 }
        guard dilations.count == blocks.count, dilations.allSatisfy({ (1...16).contains($0) }) else {
            throw .invalidArchitecture("dilation must be \(blocks.count) numbers of 1 to 16, got \(dilations)")
        }

        var builder = GraphBuilder(spatialRank: 3, inputChannels: inputChannels)
        let stemWidth = scaled(64, by: widthMultiplier)
        let stem = Convolution(
            inputChannels: inputChannels, outputChannels: stemWidth, kernel: .cube(7),
            stride: try Extent(stemStride), padding: .cube(3))
        var node = builder.add("conv1", .convolution(stem), builder.input)
        node = builder.add("bn1", .batchNormalization(features: stemWidth, epsilon: Self.epsilon), node)
        node = builder.add("relu", .relu, node)
        builder.tap("relu", node)
        if maxPool {
            node = builder.add(
                "maxpool", .maxPool(Pooling(kernel: .cube(3), stride: .cube(2), padding: .cube(1))), node)
            builder.tap("maxpool", node)
        }
        var width = stemWidth
        for (stage, count) in blocks.enumerated() {
            let planes = scaled(64 << stage, by: widthMultiplier)
            for block in 0..<count {
                let isStrided = stage > 0 && block == 0 && dilations[stage] == 1
                node = addBlock(
                    to: &builder, name: "layer\(stage + 1).\(block)", input: node, inputWidth: width, width: planes,
                    stride: isStrided ? 2 : 1, dilation: dilations[stage])
                builder.tap("layer\(stage + 1).\(block)", node)
                width = planes
            }
            builder.tap("layer\(stage + 1)", node)
        }
        node = builder.add("avgpool", .globalAveragePool, node)
        _ = builder.add("fc", .linear(inputs: width, outputs: classes), node)
        return builder.build()
    }

    /// Two 3×3×3 convolutions around which the input goes straight.
    private func addBlock(
        to builder: inout GraphBuilder, name: String, input: Int, inputWidth: Int, width: Int, stride: Int,
        dilation: Int
    ) -> Int {
        func convolution(_ inputs: Int, _ stride: Int) -> Operation {
            .convolution(
                Convolution(
                    inputChannels: inputs, outputChannels: width, kernel: .cube(3), stride: .cube(stride),
                    padding: .cube(dilation), dilation: .cube(dilation)))
        }
        let normalization = Operation.batchNormalization(features: width, epsilon: Self.epsilon)
        var node = builder.add("\(name).conv1", convolution(inputWidth, stride), input)
        node = builder.add("\(name).bn1", normalization, node)
        node = builder.add("\(name).relu1", .relu, node)
        node = builder.add("\(name).conv2", convolution(width, 1), node)
        node = builder.add("\(name).bn2", normalization, node)

        var straight = input
        if stride != 1 || inputWidth != width {
            switch shortcut {
            case .stridedZeroPadding:
                straight = builder.add(
                    "\(name).downsample",
                    .stridedShortcut(outputChannels: width, stride: .cube(stride), cutsGradient: true), input)
            case .projection:
                let projection = Convolution(
                    inputChannels: inputWidth, outputChannels: width, kernel: .one, stride: .cube(stride),
                    hasBias: shortcutBias)
                straight = builder.add("\(name).downsample.0", .convolution(projection), input)
                straight = builder.add("\(name).downsample.1", normalization, straight)
            }
        }
        node = builder.add("\(name).add", .add, node, straight)
        return builder.add("\(name).relu2", .relu, node)
    }
}

extension ResNet3D: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case kind, depth, inputChannels, classes, stemStride, maxPool, shortcut, shortcutBias, dilation
        case widthMultiplier
    }

    package init(from decoder: any Decoder) throws {
        try AnyCodingKey.refuseUnknown(decoder, known: CodingKeys.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            depth: try container.decode(Int.self, forKey: .depth),
            inputChannels: try container.decode(Int.self, forKey: .inputChannels),
            classes: try container.decode(Int.self, forKey: .classes))
        stemStride = try container.decodeIfPresent([Int].self, forKey: .stemStride) ?? stemStride
        maxPool = try container.decodeIfPresent(Bool.self, forKey: .maxPool) ?? maxPool
        shortcut = try container.decodeIfPresent(Shortcut.self, forKey: .shortcut) ?? shortcut
        shortcutBias = try container.decodeIfPresent(Bool.self, forKey: .shortcutBias) ?? shortcutBias
        dilation = try container.decodeIfPresent([Int].self, forKey: .dilation)
        widthMultiplier = try container.decodeIfPresent(Double.self, forKey: .widthMultiplier) ?? widthMultiplier
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(depth, forKey: .depth)
        try container.encode(inputChannels, forKey: .inputChannels)
        try container.encode(classes, forKey: .classes)
        try container.encode(stemStride, forKey: .stemStride)
        try container.encode(maxPool, forKey: .maxPool)
        try container.encode(shortcut, forKey: .shortcut)
        if shortcutBias { try container.encode(shortcutBias, forKey: .shortcutBias) }
        try container.encodeIfPresent(dilation, forKey: .dilation)
        try container.encode(widthMultiplier, forKey: .widthMultiplier)
    }
}

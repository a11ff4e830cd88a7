extension Architecture {
    /// The network whose parameters have these names and shapes.
    ///
    /// Depth, channels, classes, shortcuts and width show in the shapes. Strides, dilation, pooling and the input's
    /// transformation do not: they are the reference implementations' defaults (torchvision's and MONAI's), for the
    /// caller to change. Where there is no last layer, `classes` is 1.
    ///
    /// - Throws: `CheckpointError.unsupportedForm` for another depth or dimension, `unknownNetwork`.
    package static func detect(in shapes: [String: [Int]]) throws(CheckpointError) -> Architecture {
        let classes = shapes["fc.weight"]?.first ?? 1
        if let stem = shapes["Conv2d_1a_3x3.conv.weight"] {
            guard stem.count == 4 else {
                throw .unsupportedForm("Conv2d_1a_3x3.conv.weight has shape \(stem); expected four axes")
            }
            var network = InceptionV3(classes: classes)
            network.inputChannels = stem[1]
            let last = shapes["Mixed_7c.branch3x3dbl_1.conv.weight"]?.first
            network.widthMultiplier = widthMultiplier(
                widest: last ?? stem[0], of: last == nil ? 32 : 448, shapes: shapes
            ) { multiplier in
                var candidate = network
                candidate.widthMultiplier = multiplier
                return .inceptionV3(candidate)
            }
            return .inceptionV3(network)
        }
        guard let stem = shapes["conv1.weight"], shapes["layer1.0.conv1.weight"] != nil else {
            throw .unknownNetwork("conv1.weight or layer1.0.conv1.weight is missing")
        }
        return .resnet3D(try residual(stem: stem, shapes, classes: classes))
    }

    private static func residual(
        stem: [Int], _ shapes: [String: [Int]], classes: Int
    ) throws(CheckpointError) -> ResNet3D {
        guard stem.count == 5 else {
            throw .unsupportedForm(
                stem.count == 4
                    ? "the checkpoint is a 2D ResNet (conv1.weight \(stem)); expected a 3D one"
                    : "conv1.weight has shape \(stem); expected five axes")
        }
        guard shapes["layer1.0.conv3.weight"] == nil else {
            throw .unsupportedForm("the checkpoint is a ResNet of bottleneck blocks; expected one of basic blocks")
        }
        var stages: [Int] = []
        while shapes["layer\(stages.count + 1).0.conv1.weight"] != nil {
            var blocks = 1
            while shapes["layer\(stages.count + 1).\(blocks).conv1.weight"] != nil { blocks += 1 }
            stages.append(blocks)
        }
        let depth: Int
        switch stages {
        case [1, 1]: depth = 6
        case [2, 2, 2, 2]: depth = 18
        default:
            throw .unsupportedForm(
                "the checkpoint is a 3D ResNet of \(stages) basic blocks; expected [1, 1] (depth 6) or [2, 2, 2, 2] "
                    + "(depth 18)")
        }
        var network = ResNet3D(depth: depth, inputChannels: stem[1], classes: classes)
        network.shortcut = shapes["layer2.0.downsample.0.weight"] == nil ? .stridedZeroPadding : .projection
        network.shortcutBias = shapes["layer2.0.downsample.0.bias"] != nil
        let last = shapes["layer\(stages.count).0.conv1.weight"]?.first ?? stem[0]
        network.widthMultiplier = widthMultiplier(widest: last, of: 32 << stages.count, shapes: shapes) { multiplier in
            var candidate = network
            candidate.widthMultiplier = multiplier
            return .resnet3D(candidate)
        }
        return network
    }

    /// The simplest multiplier that gives all widths; where none does, one that gives the widest.
    private static func widthMultiplier(
        widest: Int, of full: Int, shapes: [String: [Int]], network: (Double) -> Architecture
    ) -> Double {
        let powers = [1, 2, 4, 8, 16, 32, 64]
        for denominator in powers + (1...64).filter({ !powers.contains($0) }) {
            let numerator = (Double(widest * denominator) / Double(full)).rounded()
            let multiplier = numerator / Double(denominator)
            guard numerator > 0, scaled(full, by: multiplier) == widest,
                let graph = try? network(multiplier).graph()
            else { continue }
            let fits = graph.parameters.allSatisfy { shapes[$0.name] == nil || shapes[$0.name] == $0.shape }
            if fits { return multiplier }
        }
        return Double(widest) / Double(full)
    }

    /// The architecture with those settings that follow from a file's tensors and need not be told: whether shortcut
    /// B's convolutions have a bias, as MONAI's default is and MedicalNet's is not.
    package func completed(byNames names: some Sequence<String>) -> Architecture {
        guard case .resnet3D(var network) = self, network.shortcut == .projection else { return self }
        if names.contains("layer2.0.downsample.0.bias") { network.shortcutBias = true }
        return .resnet3D(network)
    }
}

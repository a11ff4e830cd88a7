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
            let widest = shapes["Mixed_7c.branch3x3dbl_1.conv.weight"]?.first
            network.widthMultiplier = widthMultiplier(first: stem[0], of: 32, last: widest, of: 448)
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
        network.widthMultiplier = widthMultiplier(
            first: stem[0], of: 64, last: shapes["layer\(stages.count).0.conv1.weight"]?.first,
            of: 32 << stages.count)
        return network
    }

    /// The simplest multiplier that gives both widths.
    private static func widthMultiplier(first: Int, of narrow: Int, last: Int?, of wide: Int) -> Double {
        let last = last ?? scaled(wide, by: Double(first) / Double(narrow))
        func fits(_ multiplier: Double) -> Bool {
            scaled(narrow, by: multiplier) == first && scaled(wide, by: multiplier) == last
        }
        for denominator in 1...64 {
            let numerator = (Double(last * denominator) / Double(wide)).rounded()
            let multiplier = numerator / Double(denominator)
            if numerator > 0, fits(multiplier) { return multiplier }
        }
        return Double(last) / Double(wide)
    }

    /// The architecture with those settings that follow from a file's tensors and need not be told: whether shortcut
    /// B's convolutions have a bias, as MONAI's default is and MedicalNet's is not.
    package func completed(byNames names: some Sequence<String>) -> Architecture {
        guard case .resnet3D(var network) = self, network.shortcut == .projection else { return self }
        if names.contains("layer2.0.downsample.0.bias") { network.shortcutBias = true }
        return .resnet3D(network)
    }
}

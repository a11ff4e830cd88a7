/// Lays out Inception-v3's stem and mixed blocks (torchvision's InceptionA to InceptionE).
struct InceptionLayers {
    private let network: InceptionV3
    private let hasAuxiliaryHead: Bool
    private var builder: GraphBuilder
    /// Channels that each node of the graph has.
    private var channels: [Int: Int] = [:]

    /// ε of Inception's batch normalization, in torchvision and in the 2015 graph.
    private static let epsilon: Float = 1e-3

    init(network: InceptionV3, hasAuxiliaryHead: Bool) {
        self.network = network
        self.hasAuxiliaryHead = hasAuxiliaryHead
        builder = GraphBuilder(spatialRank: 2, inputChannels: network.inputChannels)
        channels[builder.input] = network.inputChannels
        if !hasAuxiliaryHead { builder.tolerate(prefix: "AuxLogits.") }
    }

    mutating func build() -> NetworkGraph {
        var node = builder.input
        if network.transformInput { node = addInputTransform(node) }
        node = addStem(node)
        for (name, poolWidth) in [("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)] {
            node = addBlockA(name, node, poolWidth: poolWidth)
        }
        node = addBlockB("Mixed_6a", node)
        for (name, width) in [("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)] {
            node = addBlockC(name, node, width: width)
        }
        if hasAuxiliaryHead { addAuxiliaryHead(node) }
        node = addBlockD("Mixed_7a", node)
        node = addBlockE("Mixed_7b", node, pool: .average)
        node = addBlockE("Mixed_7c", node, pool: network.lastBlockPool)
        let width = channels[node]!
        node = builder.add("avgpool", .globalAveragePool, node)
        node = builder.add("dropout", .dropout(rate: 0.5), node)
        _ = builder.add("fc", .linear(inputs: width, outputs: network.classes), node)
        return builder.build()
    }

    /// ImageNet's normalization undone and [0, 1] brought to [−1, 1]: x·(σ/0.5) + (μ − 0.5)/0.5.
    private mutating func addInputTransform(_ input: Int) -> Int {
        let deviation: [Float] = [0.229, 0.224, 0.225]
        let mean: [Float] = [0.485, 0.456, 0.406]
        let operation = Operation.channelAffine(
            scale: deviation.map { $0 / 0.5 }, shift: mean.map { ($0 - 0.5) / 0.5 })
        return record(builder.add("transform_input", operation, input), InceptionV3.inputChannels)
    }

    private mutating func addStem(_ input: Int) -> Int {
        var node = conv("Conv2d_1a_3x3", input, 32, .square(3), stride: 2)
        node = conv("Conv2d_2a_3x3", node, 32, .square(3))
        node = conv("Conv2d_2b_3x3", node, 64, .square(3), padding: .square(1, depth: 0))
        builder.tap("Conv2d_2b_3x3", node)
        node = maxPool("maxpool1", node)
        node = conv("Conv2d_3b_1x1", node, 80, .square(1))
        node = conv("Conv2d_4a_3x3", node, 192, .square(3))
        builder.tap("Conv2d_4a_3x3", node)
        return maxPool("maxpool2", node)
    }

    private mutating func addBlockA(_ name: String, _ input: Int, poolWidth: Int) -> Int {
        let one = conv("\(name).branch1x1", input, 64, .square(1))
        var five = conv("\(name).branch5x5_1", input, 48, .square(1))
        five = conv("\(name).branch5x5_2", five, 64, .square(5), padding: .square(2, depth: 0))
        var double = conv("\(name).branch3x3dbl_1", input, 64, .square(1))
        double = conv("\(name).branch3x3dbl_2", double, 96, .square(3), padding: .square(1, depth: 0))
        double = conv("\(name).branch3x3dbl_3", double, 96, .square(3), padding: .square(1, depth: 0))
        let pool = poolBranch(name, input, width: poolWidth, pool: .average)
        return concatenate(name, [one, five, double, pool])
    }

    private mutating func addBlockB(_ name: String, _ input: Int) -> Int {
        let three = conv("\(name).branch3x3", input, 384, .square(3), stride: 2)
        var double = conv("\(name).branch3x3dbl_1", input, 64, .square(1))
        double = conv("\(name).branch3x3dbl_2", double, 96, .square(3), padding: .square(1, depth: 0))
        double = conv("\(name).branch3x3dbl_3", double, 96, .square(3), stride: 2)
        return concatenate(name, [three, double, maxPool("\(name).branch_pool", input)])
    }

    private mutating func addBlockC(_ name: String, _ input: Int, width: Int) -> Int {
        let one = conv("\(name).branch1x1", input, 192, .square(1))
        var seven = conv("\(name).branch7x7_1", input, width, .square(1))
        seven = wide("\(name).branch7x7_2", seven, width)
        seven = tall("\(name).branch7x7_3", seven, 192)
        var double = conv("\(name).branch7x7dbl_1", input, width, .square(1))
        double = tall("\(name).branch7x7dbl_2", double, width)
        double = wide("\(name).branch7x7dbl_3", double, width)
        double = tall("\(name).branch7x7dbl_4", double, width)
        double = wide("\(name).branch7x7dbl_5", double, 192)
        let pool = poolBranch(name, input, width: 192, pool: .average)
        return concatenate(name, [one, seven, double, pool])
    }

    private mutating func addBlockD(_ name: String, _ input: Int) -> Int {
        var three = conv("\(name).branch3x3_1", input, 192, .square(1))
        three = conv("\(name).branch3x3_2", three, 320, .square(3), stride: 2)
        var seven = conv("\(name).branch7x7x3_1", input, 192, .square(1))
        seven = wide("\(name).branch7x7x3_2", seven, 192)
        seven = tall("\(name).branch7x7x3_3", seven, 192)
        seven = conv("\(name).branch7x7x3_4", seven, 192, .square(3), stride: 2)
        return concatenate(name, [three, seven, maxPool("\(name).branch_pool", input)])
    }

    private mutating func addBlockE(_ name: String, _ input: Int, pool: InceptionV3.LastBlockPool) -> Int {
        let one = conv("\(name).branch1x1", input, 320, .square(1))
        let three = conv("\(name).branch3x3_1", input, 384, .square(1))
        let threeA = conv("\(name).branch3x3_2a", three, 384, Extent(1, 1, 3), padding: Extent(0, 0, 1))
        let threeB = conv("\(name).branch3x3_2b", three, 384, Extent(1, 3, 1), padding: Extent(0, 1, 0))
        var double = conv("\(name).branch3x3dbl_1", input, 448, .square(1))
        double = conv("\(name).branch3x3dbl_2", double, 384, .square(3), padding: .square(1, depth: 0))
        let doubleA = conv("\(name).branch3x3dbl_3a", double, 384, Extent(1, 1, 3), padding: Extent(0, 0, 1))
        let doubleB = conv("\(name).branch3x3dbl_3b", double, 384, Extent(1, 3, 1), padding: Extent(0, 1, 0))
        let pool = poolBranch(name, input, width: 192, pool: pool)
        return concatenate(name, [one, threeA, threeB, doubleA, doubleB, pool])
    }

    /// A 1×7 convolution.
    private mutating func wide(_ name: String, _ input: Int, _ width: Int) -> Int {
        conv(name, input, width, Extent(1, 1, 7), padding: Extent(0, 0, 3))
    }

    /// A 7×1 convolution.
    private mutating func tall(_ name: String, _ input: Int, _ width: Int) -> Int {
        conv(name, input, width, Extent(1, 7, 1), padding: Extent(0, 3, 0))
    }

    /// torchvision's InceptionAux on the last block of 17×17.
    private mutating func addAuxiliaryHead(_ input: Int) {
        let window = Pooling(kernel: .square(5), stride: .square(3))
        var node = record(
            builder.add("AuxLogits.pool", .averagePool(window, countsPadding: true), input), channels[input]!)
        node = conv("AuxLogits.conv0", node, 128, .square(1))
        node = conv("AuxLogits.conv1", node, 768, .square(5))
        let width = channels[node]!
        node = builder.add("AuxLogits.avgpool", .globalAveragePool, node)
        node = builder.add("AuxLogits.fc", .linear(inputs: width, outputs: network.classes), node)
        builder.setAuxiliaryOutput(node)
    }

    private mutating func poolBranch(
        _ name: String, _ input: Int, width: Int, pool: InceptionV3.LastBlockPool
    ) -> Int {
        let window = Pooling(kernel: .square(3), stride: .one, padding: .square(1, depth: 0))
        let operation: Operation =
            switch pool {
            case .average: .averagePool(window, countsPadding: network.averagePoolCountsPadding)
            case .maximum: .maxPool(window)
            }
        let pooled = record(builder.add("\(name).pool", operation, input), channels[input]!)
        return conv("\(name).branch_pool", pooled, width, .square(1))
    }

    private mutating func maxPool(_ name: String, _ input: Int) -> Int {
        let window = Pooling(kernel: .square(3), stride: .square(2))
        return record(builder.add(name, .maxPool(window), input), channels[input]!)
    }

    private mutating func concatenate(_ name: String, _ inputs: [Int]) -> Int {
        let node = record(builder.add(name, .concatenate, inputs), inputs.map { channels[$0]! }.reduce(0, +))
        builder.tap(name, node)
        return node
    }

    /// Convolution without bias, normalization, rectification: torchvision's BasicConv2d.
    private mutating func conv(
        _ name: String, _ input: Int, _ width: Int, _ kernel: Extent, stride: Int = 1, padding: Extent = .zero
    ) -> Int {
        let width = scaled(width, by: network.widthMultiplier)
        let convolution = Convolution(
            inputChannels: channels[input]!, outputChannels: width, kernel: kernel, stride: .square(stride),
            padding: padding)
        var node = builder.add("\(name).conv", .convolution(convolution), input)
        node = builder.add("\(name).bn", .batchNormalization(features: width, epsilon: Self.epsilon), node)
        return record(builder.add("\(name).relu", .relu, node), width)
    }

    private mutating func record(_ node: Int, _ width: Int) -> Int {
        channels[node] = width
        return node
    }
}

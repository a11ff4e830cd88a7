import CKernels
import NeuralNetwork
import Tensors
import Testing

/// Gradients of every operation against their definition, and what freezing, modes and observed layers change.
struct TrainingGradientTests {
    /// Every operation that a gradient passes, in odd sizes and channel counts.
    static func zoo(rank: Int, cutsGradient: Bool = false) -> NetworkGraph {
        var builder = GraphBuilder(spatialRank: rank, inputChannels: 3)
        let three: Extent = rank == 3 ? .cube(3) : .square(3)
        let one: Extent = rank == 3 ? .cube(1) : .square(1, depth: 0)
        let two: Extent = rank == 3 ? .cube(2) : .square(2)
        func convolution(
            _ inputs: Int, _ outputs: Int, kernel: Extent? = nil, stride: Extent = .one, padding: Extent? = nil,
            isDilated: Bool = false, hasBias: Bool = false
        ) -> Convolution {
            Convolution(
                inputChannels: inputs, outputChannels: outputs, kernel: kernel ?? three, stride: stride,
                padding: isDilated ? Extent(one.depth * 2, 2, 2) : padding ?? (kernel == nil ? one : .zero),
                dilation: isDilated ? Extent(rank == 3 ? 2 : 1, 2, 2) : .one, hasBias: hasBias)
        }
        var node = builder.add("affine", .channelAffine(scale: [0.5, 2, -1], shift: [0.1, 0, 0.3]), builder.input)
        node = builder.add("stem", .convolution(convolution(3, 18, hasBias: true)), node)
        node = builder.add("stem.bn", .batchNormalization(features: 18, epsilon: 1e-3), node)
        let stem = builder.add("stem.relu", .relu, node)
        builder.tap("stem", stem)
        // A residual block, its shortcut the identity.
        var long = builder.add("a", .convolution(convolution(18, 18, isDilated: true)), stem)
        long = builder.add("a.bn", .batchNormalization(features: 18, epsilon: 1e-5), long)
        let sum = builder.add("a.relu", .relu, builder.add("a.add", .add, long, stem))
        builder.tap("a", sum)
        // Siblings of one input, two of them pointwise, joined.
        let wide: Extent = rank == 3 ? Extent(1, 1, 3) : Extent(1, 1, 3)
        func unit(_ name: String, _ input: Int, _ layer: Convolution) -> Int {
            let node = builder.add("\(name).conv", .convolution(layer), input)
            let features = layer.outputChannels
            return builder.add(
                "\(name).relu", .relu,
                builder.add("\(name).bn", .batchNormalization(features: features, epsilon: 1e-3), node))
        }
        let first = unit("b1", sum, convolution(18, 16, kernel: .one))
        var second = unit("b2", sum, convolution(18, 32, kernel: .one))
        second = unit("b3", second, convolution(32, 16, kernel: wide, padding: Extent(0, 0, 1)))
        let window = Pooling(kernel: three, stride: .one, padding: one)
        var pooled = builder.add("b4.pool", .averagePool(window, countsPadding: true), sum)
        pooled = unit("b4", pooled, convolution(18, 16, kernel: .one))
        let joined = builder.add("b", .concatenate, [first, second, pooled])
        builder.tap("b", joined)
        // Another head.
        var head = builder.add("head.pool", .globalAveragePool, joined)
        head = builder.add("head.fc", .linear(inputs: 48, outputs: 2), head)
        // Strided branches and a strided block with a projection and a picked shortcut.
        let strided = unit("c", joined, convolution(48, 16, stride: two))
        let half = Pooling(kernel: three, stride: two, padding: one)
        let largest = builder.add("c.max", .maxPool(half), joined)
        let mean = builder.add("c.mean", .averagePool(half, countsPadding: false), joined)
        let both = builder.add("c.joined", .concatenate, strided, largest, mean)
        var main = builder.add("d.conv", .convolution(convolution(112, 20, hasBias: true)), both)
        main = builder.add("d.bn", .batchNormalization(features: 20, epsilon: 1e-5), main)
        let projection = convolution(48, 20, kernel: .one, stride: two, hasBias: true)
        var straight = builder.add("d.downsample", .convolution(projection), joined)
        straight = builder.add("d.downsample.bn", .batchNormalization(features: 20, epsilon: 1e-5), straight)
        main = builder.add("d.relu", .relu, builder.add("d.add", .add, main, straight))
        let picked = builder.add(
            "e.pick", .stridedShortcut(outputChannels: 24, stride: two, cutsGradient: cutsGradient), main)
        var last = builder.add("e.conv", .convolution(convolution(20, 24, stride: two)), main)
        last = builder.add("e.bn", .batchNormalization(features: 24, epsilon: 1e-5), last)
        last = builder.add("e.relu", .relu, builder.add("e.add", .add, last, picked))
        let plain = builder.add("f.conv", .convolution(convolution(24, 8, hasBias: true)), last)
        builder.tap("f", plain)
        last = builder.add("f.sigmoid", .sigmoid, plain)
        last = builder.add("pooled", .globalAveragePool, last)
        last = builder.add("dropout", .dropout(rate: 0.25), last)
        last = builder.add("fc", .linear(inputs: 8, outputs: 3), last)
        _ = builder.add("softmax", .softmax, last)
        return builder.build()
    }

    private static func input(rank: Int, batch: Int) throws -> Tensor {
        let shape = rank == 3 ? [batch, 3, 7, 6, 9] : [batch, 3, 11, 14]
        return try Tensor(shape: shape, floats: randomValues(shape.reduce(1, *), seed: 5))
    }

    private static func seeds(batch: Int) throws -> [String: Tensor] {
        [
            "softmax": try Tensor(shape: [batch, 3], floats: randomValues(batch * 3, seed: 6)),
            "head.fc": try Tensor(shape: [batch, 2], floats: randomValues(batch * 2, seed: 7).map { 0.3 * $0 }),
        ]
    }

    private static func score(_ outputs: TrainingNetwork.Outputs, _ seeds: [String: Tensor]) -> Double {
        var score = 0.0
        for (name, seed) in seeds {
            let values = (outputs.auxiliary[name] ?? outputs.logits).floats()
            for (value, weight) in zip(values, seed.floats()) { score += Double(value) * Double(weight) }
        }
        return score
    }

    private static func network(
        _ graph: NetworkGraph, _ engine: TrainingSettings.Engine, frozen: Set<String> = [], observed: Set<String> = [],
        threads: Int = 2
    ) throws -> TrainingNetwork {
        try TrainingNetwork(
            graph: graph, parameters: try randomParameters(of: graph),
            settings: TrainingSettings(
                threads: threads, engine: engine, precision: .float32, frozenLayers: frozen, observedLayers: observed))
    }

    /// Central differences along a random direction of one parameter at a time; dropout is off, or the score would
    /// change by itself. Rectifiers and maxima bend the score, so the bound is not exact.
    @Test(arguments: TrainingTestEngines.exact, [(2, TrainingMode.training), (3, .training), (3, .evaluation)])
    func gradientOfEveryParameterIsTheSlope(engine: TrainingSettings.Engine, kind: (rank: Int, mode: TrainingMode))
        throws
    {
        let graph = rebuilt(Self.zoo(rank: kind.rank)) { if case .dropout = $0 { .dropout(rate: 0) } else { $0 } }
        let network = try Self.network(graph, engine)
        let input = try Self.input(rank: kind.rank, batch: 3)
        let seeds = try Self.seeds(batch: 3)
        _ = try network.forward(input, mode: kind.mode)
        try network.backward(from: seeds)
        var gradients: [String: [Float]] = [:]
        for parameter in network.parameters { gradients[parameter.name] = try parameter.gradient()?.floats() }
        let length = gradients.values.joined().reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        for parameter in network.parameters where parameter.isTrained {
            let values = try parameter.value().floats()
            let size = Float((values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot())
            let direction = randomValues(values.count, seed: UInt64(values.count)).map { $0 * max(size, 0.1) }
            let width: Float = 2e-3
            func moved(_ step: Float) throws -> Double {
                let tensor = try Tensor(
                    shape: parameter.specification.shape, floats: zip(values, direction).map { $0 + step * $1 })
                try network.set(tensor, forParameter: parameter.name)
                return Self.score(try network.forward(input, mode: kind.mode), seeds)
            }
            let slope = (try moved(width) - moved(-width)) / (2 * Double(width))
            try network.set(
                try Tensor(shape: parameter.specification.shape, floats: values), forParameter: parameter.name)
            let gradient = try #require(gradients[parameter.name])
            let predicted = zip(gradient, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            let reach = zip(gradient, direction).reduce(0) { $0 + abs(Double($1.0) * Double($1.1)) }
            #expect(
                abs(slope - predicted) < 0.02 * reach + 2e-3 * length,
                "\(parameter.name): slope \(slope), predicted \(predicted)")
        }
    }

    @Test(arguments: [2, 3], [false, true])
    func enginesAgree(rank: Int, cutsGradient: Bool) throws {
        let graph = Self.zoo(rank: rank, cutsGradient: cutsGradient)
        let input = try Self.input(rank: rank, batch: 3)
        let seeds = try Self.seeds(batch: 3)
        func run(_ engine: TrainingSettings.Engine, threads: Int) throws -> [String: Tensor] {
            let network = try Self.network(graph, engine, observed: ["a", "b"], threads: threads)
            _ = try network.forward(input, mode: .training)
            let outputs = try network.forward(input, mode: .training)
            var results = ["logits": outputs.logits].merging(outputs.auxiliary) { $1 }
            results["b.gradient"] = try network.gradient(of: "b", from: seeds)
            results["b.activations"] = try network.activations(of: "b")
            try network.backward(from: seeds)
            results["a.gradient"] = try network.gradient(of: "a")
            for parameter in network.parameters {
                results[parameter.name] = try parameter.value()
                results["\(parameter.name).gradient"] = try parameter.gradient()
            }
            return results
        }
        let expected = try run(.openBLAS, threads: 1)
        for engine in TrainingTestEngines.exact {
            let got = try run(engine, threads: 2)
            #expect(got.keys.sorted() == expected.keys.sorted())
            for (name, tensor) in expected {
                let values = tensor.floats()
                let scale = max(values.map(abs).max() ?? 0, 1e-3)
                let other = try #require(got[name])
                #expect(other.shape == tensor.shape)
                #expect(largestDifference(other.floats(), values) < 1e-3 * scale, "\(engine) \(name)")
            }
        }
    }

    @Test(arguments: TrainingTestEngines.exact)
    func frozenLayersKeepTheirParametersAndStatistics(engine: TrainingSettings.Engine) throws {
        let graph = Self.zoo(rank: 2)
        let frozen = graph.layersOfFirstConvolutions(2)
        #expect(frozen == ["stem", "stem.bn", "a", "a.bn"])
        let network = try Self.network(graph, engine, frozen: frozen)
        let before = try network.snapshot()
        _ = try network.forward(try Self.input(rank: 2, batch: 3), mode: .training)
        try network.backward(from: try Self.seeds(batch: 3))
        try SGD(.init(learningRate: 0.1, weightDecay: 0.1)).step(network)
        let after = try network.snapshot()
        for parameter in network.parameters {
            let isFrozen = frozen.contains { parameter.name.hasPrefix($0 + ".") && !parameter.name.hasPrefix("a.add") }
            #expect(parameter.isFrozen == isFrozen)
            #expect((before.tensors[parameter.name] == after.tensors[parameter.name]) == isFrozen, "\(parameter.name)")
            if isFrozen { #expect(!parameter.isTrained) }
        }
    }

    /// A frozen normalization works as in evaluation, so freezing all is evaluation, but for dropout.
    @Test(arguments: TrainingTestEngines.exact)
    func frozenNormalizationUsesItsRunningStatistics(engine: TrainingSettings.Engine) throws {
        let graph = rebuilt(Self.zoo(rank: 2)) { if case .dropout = $0 { .dropout(rate: 0) } else { $0 } }
        let all = Set(graph.nodes.filter { !graph.parameters(of: $0).isEmpty }.map(\.name))
        let input = try Self.input(rank: 2, batch: 3)
        let frozen = try Self.network(graph, engine, frozen: all)
        let free = try Self.network(graph, engine)
        let first = try frozen.forward(input, mode: .training).logits.floats()
        let second = try free.forward(input, mode: .evaluation).logits.floats()
        #expect(largestDifference(first, second) < 1e-6)
        #expect(largestDifference(first, try free.forward(input, mode: .training).logits.floats()) > 1e-3)
        try frozen.backward(from: try Self.seeds(batch: 3))
    }

    @Test(arguments: TrainingTestEngines.exact)
    func aGradientGivenToAnObservedLayerFlowsOn(engine: TrainingSettings.Engine) throws {
        let network = try Self.network(Self.zoo(rank: 3), engine, observed: ["a"])
        let input = try Self.input(rank: 3, batch: 2)
        _ = try network.forward(input, mode: .training)
        let seeds = try Self.seeds(batch: 2)
        try network.backward(from: seeds)
        let alone = try network.gradient(of: "a")
        let weightAlone = try #require(try network.parameter(named: "stem.weight")?.gradient()).floats()
        // As much again as flows there anyway: everything beneath doubles.
        try network.backward(from: seeds.merging(["a": alone]) { $1 })
        let doubled = try #require(try network.parameter(named: "stem.weight")?.gradient()).floats()
        let scale = try #require(weightAlone.map(abs).max())
        #expect(largestDifference(doubled, weightAlone.map { 2 * $0 }) < 1e-3 * scale)
        let fc = try #require(try network.parameter(named: "fc.weight")?.gradient()).floats()
        #expect(fc.contains { $0 != 0 })
    }

    @Test(arguments: TrainingTestEngines.exact)
    func dropoutDrawsAnewEachTimeAndRepeatsWithItsSeed(engine: TrainingSettings.Engine) throws {
        var builder = GraphBuilder(spatialRank: 2, inputChannels: 64)
        let dropped = builder.add("dropout", .dropout(rate: 0.5), builder.input)
        _ = builder.add("pool", .globalAveragePool, dropped)
        let graph = builder.build()
        func network(_ seed: UInt64) throws -> TrainingNetwork {
            try TrainingNetwork(
                graph: graph, parameters: ParameterSet(), settings: TrainingSettings(engine: engine, dropoutSeed: seed))
        }
        let ones = try Tensor(shape: [4, 64, 1, 1], floats: [Float](repeating: 1, count: 256))
        let (first, again, other) = (try network(1), try network(1), try network(2))
        let drawn = try first.forward(ones, mode: .training).logits
        #expect(drawn.floats().allSatisfy { $0 == 0 || $0 == 2 })
        #expect((64..<192).contains(drawn.floats().count { $0 == 0 }))
        #expect(try again.forward(ones, mode: .training).logits == drawn)
        #expect(try other.forward(ones, mode: .training).logits != drawn)
        #expect(try first.forward(ones, mode: .training).logits != drawn)
        #expect(try first.forward(ones, mode: .evaluation).logits.floats().allSatisfy { $0 == 1 })
    }

    @Test(arguments: TrainingTestEngines.exact)
    func whatIsNotFiniteIsNamed(engine: TrainingSettings.Engine) throws {
        let network = try Self.network(Self.zoo(rank: 2), engine)
        _ = try network.forward(try Self.input(rank: 2, batch: 2), mode: .training)
        try network.backward(from: try Self.seeds(batch: 2))
        #expect(network.firstNonFiniteGradient() == nil)
        #expect(network.firstNonFiniteParameter() == nil)
        try network.backward(from: ["softmax": try Tensor(shape: [2, 3], floats: [.nan, 0, 0, 0, 0, 0])])
        #expect(network.firstNonFiniteGradient() != nil)
        try network.set(try Tensor(shape: [3], floats: [0, .infinity, 0]), forParameter: "fc.bias")
        #expect(network.firstNonFiniteParameter() == "fc.bias")
        var parameters = try randomParameters(of: network.graph)
        parameters.tensors["fc.bias"] = try Tensor(shape: [3], floats: [0, .nan, 0])
        #expect(throws: NeuralNetworkError.parametersMismatch([.notFinite(name: "fc.bias")])) {
            _ = try TrainingNetwork(
                graph: network.graph, parameters: parameters, settings: TrainingSettings(engine: engine))
        }
    }

    @Test(arguments: TrainingTestEngines.exact)
    func badShapesAndTooMuchMemoryAreErrors(engine: TrainingSettings.Engine) throws {
        let graph = Self.zoo(rank: 2)
        let network = try Self.network(graph, engine)
        #expect(throws: TrainingError.nothingToDerive) { try network.backward(from: [:]) }
        #expect(throws: NeuralNetworkError.self) {
            _ = try network.forward(
                try Tensor(shape: [1, 2, 8, 8], floats: randomValues(128, seed: 1)), mode: .training)
        }
        // The last stage has one position, so that one item is too few for a variance.
        let single = try Tensor(shape: [1, 3, 2, 2], floats: randomValues(12, seed: 1))
        #expect(throws: TrainingError.tooFewValues(layer: "c.bn")) { _ = try network.forward(single, mode: .training) }
        _ = try network.forward(single, mode: .evaluation)
        let wrong = try Tensor(shape: [1, 4], floats: [0, 0, 0, 0])
        #expect(throws: TrainingError.shapeMismatch(what: "gradient of softmax", expected: [1, 3], got: [1, 4])) {
            try network.backward(from: ["softmax": wrong])
        }
        #expect(throws: TrainingError.self) { try network.backward(from: ["fc": wrong]) }
        #expect(throws: TrainingError.self) { try network.gradient(of: "a", from: [:]) }
        #expect(throws: TrainingError.unknownLayer("nothing")) {
            try Self.network(graph, engine, frozen: ["nothing"])
                .forward(try Self.input(rank: 2, batch: 2), mode: .training)
        }
        #expect(throws: NeuralNetworkError.self) {
            try Self.network(graph, engine, observed: ["nothing"])
                .forward(try Self.input(rank: 2, batch: 2), mode: .training)
        }
        #expect(throws: TrainingError.self) {
            let small = try TrainingNetwork(
                graph: graph, parameters: try randomParameters(of: graph),
                settings: TrainingSettings(engine: engine, memoryLimit: 1 << 20))
            _ = try small.forward(
                try Tensor(shape: [8, 3, 64, 64], floats: randomValues(8 * 3 * 4096, seed: 1)), mode: .training)
        }
    }

    /// Eight bits of each number's fraction: the gradient as a whole still points where float32's does.
    @Test(.enabled(if: TrainingSettings.Engine.oneDNN.isAvailable), arguments: [2, 3])
    func bfloat16PointsTheSameWay(rank: Int) throws {
        let graph = Self.zoo(rank: rank)
        func gradients(_ precision: TrainingSettings.Precision) throws -> [Float] {
            let network = try TrainingNetwork(
                graph: graph, parameters: try randomParameters(of: graph),
                settings: TrainingSettings(threads: 2, engine: .oneDNN, precision: precision))
            _ = try network.forward(try Self.input(rank: rank, batch: 4), mode: .training)
            try network.backward(from: try Self.seeds(batch: 4))
            return try network.parameters.flatMap { try $0.gradient()?.floats() ?? [] }
        }
        let (exact, short) = (try gradients(.float32), try gradients(.bfloat16))
        func product(_ first: [Float], _ second: [Float]) -> Double {
            zip(first, second).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let cosine = product(exact, short) / (product(exact, exact) * product(short, short)).squareRoot()
        #expect(cosine > 0.98)
        // Where the processor has no bfloat16 the engine computes in float32.
        let differs = exact != short
        #expect(differs == ork_processor_features().avx512)
    }

    /// The last stage of a 3D ResNet18, for which the library has no fast code in float32.
    @Test(.enabled(if: TrainingSettings.Engine.oneDNN.isAvailable))
    func manyChannelsOnFewPositionsHaveTheSameGradient() throws {
        var builder = GraphBuilder(spatialRank: 3, inputChannels: 3)
        var node = builder.add(
            "a", .convolution(Convolution(inputChannels: 3, outputChannels: 512, kernel: .one, hasBias: false)),
            builder.input)
        let deep = Convolution(
            inputChannels: 512, outputChannels: 512, kernel: .cube(3), padding: .one, hasBias: false)
        node = builder.add("b", .convolution(deep), node)
        node = builder.add("pooled", .globalAveragePool, node)
        _ = builder.add("fc", .linear(inputs: 512, outputs: 2), node)
        let graph = builder.build()
        let input = try Tensor(shape: [4, 3, 2, 2, 2], floats: randomValues(96, seed: 5))
        let seed = try Tensor(shape: [4, 2], floats: randomValues(8, seed: 6))
        func gradient(_ engine: TrainingSettings.Engine) throws -> [Float] {
            let network = try Self.network(graph, engine)
            _ = try network.forward(input, mode: .training)
            try network.backward(from: ["fc": seed])
            let weight = try #require(network.parameters.first { $0.name == "b.weight" })
            return try #require(try weight.gradient()).floats()
        }
        let (fast, plain) = (try gradient(.oneDNN), try gradient(.openBLAS))
        let largest = plain.reduce(0) { max($0, abs($1)) }
        #expect(largest > 0)
        #expect(largestDifference(fast, plain) < 1e-5 * largest)
    }

    /// As many passes of training as it takes to tell bright from dark.
    @Test(arguments: TrainingTestEngines.exact)
    func aNetworkLearns(engine: TrainingSettings.Engine) throws {
        var architecture = ResNet3D(depth: 6, inputChannels: 1, classes: 1)
        architecture.widthMultiplier = 1 / 8
        let graph = try architecture.graph()
        let network = try TrainingNetwork(
            graph: graph, parameters: try ParameterInitialization.kaimingNormalFanOut.make(for: graph, seed: 3),
            settings: TrainingSettings(threads: 2, engine: engine))
        let optimizer = try SGD(.init(learningRate: 0.05, momentum: 0.9))
        var values = randomValues(8 * 4096, seed: 11)
        for index in values.indices where index / 4096 % 2 == 1 && index % 16 < 8 { values[index] += 1.5 }
        let input = try Tensor(shape: [8, 1, 16, 16, 16], floats: values)
        let targets: [Float] = [0, 1, 0, 1, 0, 1, 0, 1]
        var losses: [Float] = []
        for _ in 0..<12 {
            let loss = try BinaryCrossEntropy().evaluate(
                try network.forward(input, mode: .training).logits, targets: targets)
            losses.append(loss.value)
            try network.backward(from: [network.outputName: loss.gradient])
            try optimizer.step(network)
        }
        #expect(losses[0] > 0.4)
        #expect(try #require(losses.last) < 0.1)
    }
}

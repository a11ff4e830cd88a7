import CKernels
import Foundation
import NeuralNetwork
import Tensors
import Testing

/// The fast backend against the portable one, in both precisions.
struct PrecisionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var architecture: Architecture
        var shape: [Int]
        var testDescription: String { "\(name) on \(shape)" }
    }

    private static func residual(_ depth: Int, _ change: (inout ResNet3D) -> Void = { _ in }) -> Architecture {
        var network = ResNet3D(depth: depth, inputChannels: 3, classes: 4)
        network.widthMultiplier = 1 / 8
        change(&network)
        return .resnet3D(network)
    }

    private static func inception(_ change: (inout InceptionV3) -> Void = { _ in }) -> Architecture {
        var network = InceptionV3(classes: 5)
        network.widthMultiplier = 1 / 8
        change(&network)
        return .inceptionV3(network)
    }

    static let cases: [Case] = [
        .init(name: "18", architecture: residual(18), shape: [1, 3, 21, 32, 27]),
        .init(name: "18, batch", architecture: residual(18), shape: [5, 3, 16, 17, 16]),
        .init(
            name: "18, stride 1, shortcut A",
            architecture: residual(18) {
                $0.stemStride = [1, 1, 1]
                $0.shortcut = .stridedZeroPadding
            }, shape: [2, 3, 13, 16, 12]),
        .init(
            name: "18, dilated", architecture: residual(18) { $0.dilation = [1, 1, 2, 4] }, shape: [1, 3, 24, 16, 16]),
        .init(
            name: "6, no pool", architecture: residual(6) { $0.maxPool = false }, shape: [5, 3, 9, 16, 11]),
        .init(name: "inception", architecture: inception(), shape: [1, 3, 107, 139]),
        .init(
            name: "inception as Keras has it",
            architecture: inception {
                $0.averagePoolCountsPadding = false
                $0.transformInput = true
            }, shape: [5, 3, 80, 75]),
    ]

    private func input(_ shape: [Int]) throws -> Tensor {
        try Tensor(shape: shape, floats: randomValues(shape.reduce(1, *), seed: 77))
    }

    @Test(arguments: cases, [1, 2])
    func float32IsThePortableBackendsToTheFourthDigit(network: Case, threads: Int) throws {
        let graph = try network.architecture.graph()
        let fused = try FusedNetwork(graph: graph, parameters: try randomParameters(of: graph))
        let input = try input(network.shape)
        let portable = InferencePlan(network: fused, settings: ComputeSettings(backend: .openBLAS))
        let fast = InferencePlan(
            network: fused, settings: ComputeSettings(threads: threads, precision: .float32, backend: .oneDNN))
        #expect(portable.precision == .float32 && portable.backend.name == "openblas")
        #expect(fast.precision == .float32 && fast.backend.name == "onednn")
        let expected = try portable.run(input).floats()
        let largest = try #require(expected.map(abs).max())
        #expect(largestDifference(try fast.run(input).floats(), expected) < 1e-4 * largest)
        #expect(try fast.run(input) == fast.run(input))
    }

    @Test(arguments: cases, [1, 2])
    func bfloat16GivesTheSameClassWithNearlyTheSameProbability(network: Case, threads: Int) throws {
        let graph = try network.architecture.graph()
        let fused = try FusedNetwork(graph: graph, parameters: try randomParameters(of: graph))
        let input = try input(network.shape)
        let exact = try InferencePlan(network: fused, settings: ComputeSettings(backend: .openBLAS)).run(input)
        let plan = InferencePlan(
            network: fused, settings: ComputeSettings(threads: threads, precision: .bfloat16, backend: .oneDNN))
        // Where there are no vectors that long the plan computes in float32.
        #expect(plan.precision == (ork_processor_features().avx2 ? .bfloat16 : .float32))
        let half = try plan.run(input)
        let classes = exact.shape[1]
        for item in 0..<exact.shape[0] {
            let expected = Self.softmax(Array(exact.floats()[item * classes..<(item + 1) * classes]))
            let got = Self.softmax(Array(half.floats()[item * classes..<(item + 1) * classes]))
            #expect(largestDifference(got, expected) < 0.02)
            let sorted = expected.sorted(by: >)
            if sorted[0] - sorted[1] > 0.05 {
                #expect(got.firstIndex(of: got.max()!) == expected.firstIndex(of: sorted[0]))
            }
        }
    }

    private static func softmax(_ logits: [Float]) -> [Float] {
        let largest = logits.max() ?? 0
        let powers = logits.map { exp($0 - largest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }

    @Test(arguments: cases)
    func heatmapsOfEveryLayerAreThePortableBackends(network: Case) throws {
        let graph = try network.architecture.graph()
        let fused = try FusedNetwork(graph: graph, parameters: try randomParameters(of: graph))
        let input = try input(network.shape)
        var row = [Float](repeating: 0, count: network.architecture.classes)
        row[1] = 1
        let seed = [[Float]](repeating: row, count: network.shape[0])
        let portable = InferencePlan(network: fused, settings: ComputeSettings(threads: 2, backend: .openBLAS))
        let fast = InferencePlan(
            network: fused, settings: ComputeSettings(threads: 2, precision: .float32, backend: .oneDNN))
        for layer in graph.tapNames {
            let expected = try portable.gradCAM(input, layer: layer, seed: seed)
            let got = try fast.gradCAM(input, layer: layer, seed: seed)
            #expect(largestDifference(got.map.floats(), expected.map.floats()) < 1e-3, "\(layer)")
            let largest = try #require(expected.logits.floats().map(abs).max())
            #expect(largestDifference(got.logits.floats(), expected.logits.floats()) < 1e-4 * largest)
        }
    }

    @Test(arguments: cases)
    func leastRoundingMultipliesOneByOneAndGivesTheSameNumbersEachTime(network: Case) throws {
        let graph = try network.architecture.graph()
        let fused = try FusedNetwork(graph: graph, parameters: try randomParameters(of: graph))
        let input = try input(network.shape)
        let exact = try InferencePlan(network: fused, settings: ComputeSettings(backend: .openBLAS)).run(input).floats()
        let settings = ComputeSettings(threads: 2, precision: .float32, backend: .oneDNN, rounding: .least)
        let plans = (0..<2).map { _ in InferencePlan(network: fused, settings: settings) }
        let outputs = try plans.map { try $0.run(input).floats() }
        #expect(outputs[0] == outputs[1])
        let largest = try #require(exact.map(abs).max())
        #expect(largestDifference(outputs[0], exact) < 1e-5 * largest)
        let codes = try plans[0].profile(input, repetitions: 1).map(\.step.implementation)
        #expect(!codes.contains { $0.contains("winograd") || $0.contains("planar") }, "\(codes)")
    }

    @Test func shapesMayChangeFromCallToCall() throws {
        let graph = try Self.residual(18).graph()
        let fused = try FusedNetwork(graph: graph, parameters: try randomParameters(of: graph))
        let portable = InferencePlan(network: fused, settings: ComputeSettings(backend: .openBLAS))
        let fast = InferencePlan(
            network: fused, settings: ComputeSettings(threads: 2, precision: .float32, backend: .oneDNN))
        for round in 0..<2 {
            for edge in 8..<15 {
                let shape = [1 + edge % 3, 3, edge, edge + round, 9]
                let input = try input(shape)
                let expected = try portable.run(input).floats()
                let largest = try #require(expected.map(abs).max())
                #expect(largestDifference(try fast.run(input).floats(), expected) < 1e-4 * largest)
            }
        }
    }

    @Test func twoPlansMayComputeAtOnce() async throws {
        let graph = try Self.residual(6).graph()
        let fused = try FusedNetwork(graph: graph, parameters: try randomParameters(of: graph))
        let settings = ComputeSettings(threads: 2, precision: .float32, backend: .oneDNN)
        let workers = (0..<2).map { _ in NetworkWorker(network: fused, settings: settings) }
        let input = try input([2, 3, 16, 16, 16])
        let expected = try InferencePlan(network: fused, settings: settings).run(input).floats()
        try await withThrowingTaskGroup(of: Tensor.self) { group in
            for index in 0..<12 { group.addTask { try await workers[index % 2].run(input) } }
            for try await output in group { #expect(largestDifference(output.floats(), expected) < 1e-5) }
        }
    }

    @Test(arguments: [BackendChoice.openBLAS, .oneDNN])
    func anInputThatNeedsMoreMemoryThanThereIsIsRefused(backend: BackendChoice) throws {
        var builder = GraphBuilder(spatialRank: 3, inputChannels: 1)
        let wide = Convolution(inputChannels: 1, outputChannels: 1 << 20, kernel: .one)
        _ = builder.add("wide", .convolution(wide), builder.input)
        let graph = builder.build()
        let plan = try InferencePlan(
            graph: graph, parameters: try SeededParameters.make(for: graph, seed: 1),
            settings: ComputeSettings(precision: .float32, backend: backend))
        // A million channels of two million positions are eight terabytes.
        let input = try Tensor(shape: [1, 1, 128, 128, 128], floats: [Float](repeating: 0, count: 1 << 21))
        #expect {
            try plan.run(input)
        } throws: { error in
            if case .outOfMemory? = error as? NeuralNetworkError { true } else { false }
        }
    }
}

import Foundation
import NeuralNetwork
import Tensors
import Testing

/// Architectures, plans and workers.
struct NetworkTests {
    @Test func parameterCountsAreThoseOfTheReferences() throws {
        #expect(try ResNet3D(depth: 18, inputChannels: 1, classes: 2).graph().parameterCount == 33_161_026)
        #expect(try ResNet3D(depth: 6, inputChannels: 1, classes: 2).graph().parameterCount == 916_290)
        #expect(try InceptionV3(classes: 1000).graph().parameterCount == 23_834_568)
        var unprojected = ResNet3D(depth: 18, inputChannels: 2, classes: 1)
        unprojected.shortcut = .stridedZeroPadding
        #expect(try unprojected.graph().parameterCount == 33_008_641)
    }

    @Test func parameterNamesAreThoseOfTheReferences() throws {
        let residual = Set(try ResNet3D(depth: 18, inputChannels: 3, classes: 2).graph().parameters.map(\.name))
        for name in [
            "conv1.weight", "bn1.running_var", "layer1.1.conv2.weight", "layer2.0.downsample.0.weight",
            "layer2.0.downsample.1.running_mean", "layer4.1.bn2.bias", "fc.weight", "fc.bias",
        ] {
            #expect(residual.contains(name))
        }
        #expect(!residual.contains("layer1.0.downsample.0.weight"))
        #expect(!residual.contains("layer2.0.downsample.0.bias"))
        let inception = try InceptionV3(classes: 1).graph()
        let shapes = Dictionary(uniqueKeysWithValues: inception.parameters.map { ($0.name, $0.shape) })
        #expect(shapes["Mixed_5b.branch5x5_1.conv.weight"] == [48, 192, 1, 1])
        #expect(shapes["Mixed_6e.branch7x7dbl_5.conv.weight"] == [192, 192, 1, 7])
        #expect(shapes["Mixed_7c.branch3x3dbl_3b.conv.weight"] == [384, 384, 3, 1])
        #expect(shapes["Conv2d_1a_3x3.bn.running_mean"] == [32])
        #expect(shapes["fc.weight"] == [1, 2048])
        #expect(inception.parameters.count == 94 * 5 + 2)
    }

    @Test func operationsAreCountedAsPapersCountThem() throws {
        let graph = try ResNet3D(depth: 18, inputChannels: 3, classes: 2).graph()
        let total = try graph.floatingPointOperations(inputExtent: .cube(64)).reduce(0, +)
        #expect(total == 10_729_031_680)
    }

    @Test func architecturesSurviveJSONAndRefuseUnknownSettings() throws {
        let text = """
            {"kind": "resnet3d", "depth": 6, "inputChannels": 3, "classes": 2, "stemStride": [1, 1, 1],
             "shortcut": "A", "widthMultiplier": 0.5}
            """
        let architecture = try JSONDecoder().decode(Architecture.self, from: Data(text.utf8))
        guard case .resnet3D(let network) = architecture else {
            Issue.record("expected a resnet3d")
            return
        }
        #expect(network.depth == 6 && network.shortcut == .stridedZeroPadding && network.stemStride == [1, 1, 1])
        #expect(network.maxPool)
        let again = try JSONDecoder().decode(Architecture.self, from: try JSONEncoder().encode(architecture))
        #expect(again == architecture)
        let inception = Architecture.inceptionV3(InceptionV3(classes: 1))
        #expect(try JSONDecoder().decode(Architecture.self, from: try JSONEncoder().encode(inception)) == inception)
        for wrong in [
            #"{"kind": "resnet3d", "depth": 6, "inputChannels": 3, "classes": 2, "stemstride": [1, 1, 1]}"#,
            #"{"kind": "vgg", "classes": 2}"#,
        ] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(Architecture.self, from: Data(wrong.utf8))
            }
        }
    }

    @Test func impossibleArchitecturesAreRefused() {
        var network = ResNet3D(depth: 18, inputChannels: 1, classes: 2)
        network.widthMultiplier = 0
        #expect(throws: NeuralNetworkError.self) { try network.graph() }
        #expect(throws: NeuralNetworkError.self) { try ResNet3D(depth: 34, inputChannels: 1, classes: 2).graph() }
        #expect(throws: NeuralNetworkError.self) { try ResNet3D(depth: 6, inputChannels: 0, classes: 2).graph() }
        #expect(throws: NeuralNetworkError.self) { try InceptionV3(classes: 0).graph() }
        var dilated = ResNet3D(depth: 6, inputChannels: 1, classes: 2)
        dilated.dilation = [1, 1, 2, 4]
        #expect(throws: NeuralNetworkError.self) { try dilated.graph() }
    }

    @Test func everyWrongParameterIsNamed() throws {
        var network = ResNet3D(depth: 6, inputChannels: 1, classes: 2)
        network.widthMultiplier = 1 / 32
        let graph = try network.graph()
        var parameters = try SeededParameters.make(for: graph, seed: 1)
        parameters.tensors["fc.bias"] = nil
        parameters.tensors["fc.weight"] = try Tensor(shape: [2], floats: [1, 2])
        parameters.tensors["extra"] = try Tensor(shape: [1], floats: [1])
        parameters.tensors["bn1.num_batches_tracked"] = try Tensor(shape: [1], floats: [1])
        #expect(
            graph.problems(in: parameters) == [
                .misshapen(name: "fc.weight", expected: [2, 4], got: [2]), .missing(name: "fc.bias", shape: [2]),
                .unexpected(name: "extra"),
            ])
        #expect(throws: NeuralNetworkError.self) { try InferencePlan(graph: graph, parameters: parameters) }
    }

    @Test func parametersThatAreNotFiniteAreNamed() throws {
        var network = ResNet3D(depth: 6, inputChannels: 1, classes: 2)
        network.widthMultiplier = 1 / 32
        let graph = try network.graph()
        var parameters = try SeededParameters.make(for: graph, seed: 1)
        parameters.tensors["fc.bias"] = try Tensor(shape: [2], floats: [1, .nan])
        parameters.tensors["bn1.running_var"] = try Tensor(shape: [2], floats: [1, -1])
        let expected = NeuralNetworkError.parametersMismatch([
            .notFinite(name: "bn1.running_var"), .notFinite(name: "conv1.weight"), .notFinite(name: "fc.bias"),
        ])
        #expect(throws: expected) { try InferencePlan(graph: graph, parameters: parameters) }
    }

    @Test func auxiliaryHeadInAFileIsTolerated() throws {
        var network = InceptionV3(classes: 1)
        network.widthMultiplier = 1 / 32
        let graph = try network.graph()
        var parameters = try SeededParameters.make(for: graph, seed: 1)
        parameters.tensors["AuxLogits.fc.weight"] = try Tensor(shape: [1], floats: [1])
        #expect(graph.problems(in: parameters).isEmpty)
    }

    @Test func seededParametersAreTheSameForTheSameSeedOnly() throws {
        var network = ResNet3D(depth: 6, inputChannels: 1, classes: 2)
        network.widthMultiplier = 0.25
        let graph = try network.graph()
        let first = try SeededParameters.make(for: graph, seed: 1).tensors
        #expect(try SeededParameters.make(for: graph, seed: 1).tensors == first)
        #expect(try SeededParameters.make(for: graph, seed: 2).tensors != first)
        // Kaiming by fan-out: variance 2 / (32 · 27), of 27648 numbers.
        let weights = try #require(first["layer2.0.conv2.weight"]).floats()
        let variance = weights.reduce(0) { $0 + $1 * $1 } / Float(weights.count)
        #expect(abs(variance * 32 * 27 / 2 - 1) < 0.04)
    }

    @Test(arguments: Computation.backends)
    func batchesGiveWhatTheirItemsGiveAlone(computation: Computation) throws {
        var network = ResNet3D(depth: 18, inputChannels: 2, classes: 3)
        network.widthMultiplier = 1 / 16
        let graph = try network.graph()
        let parameters = try randomParameters(of: graph)
        let itemCount = 2 * 9 * 16 * 11
        let values = randomValues(5 * itemCount, seed: 3)
        let batch = try Tensor(shape: [5, 2, 9, 16, 11], floats: values)
        // Larger batches are computed in parts of two.
        var settings = computation.settings
        settings.maximumBatch = 2
        let plan = try InferencePlan(graph: graph, parameters: parameters, settings: settings)
        let together = try plan.run(batch).floats()
        var alone: [Float] = []
        for item in 0..<5 {
            let input = try Tensor(
                shape: [1, 2, 9, 16, 11], floats: Array(values[item * itemCount..<(item + 1) * itemCount]))
            alone += try plan.run(input).floats()
        }
        #expect(largestDifference(together, alone) < 1e-5)
        #expect(try plan.run(batch).floats() == together)
    }

    @Test(arguments: Computation.backends)
    func memoryThatIsUsedAgainHoldsTheSameResults(computation: Computation) throws {
        for architecture in [
            Architecture.inceptionV3(narrow(InceptionV3(classes: 2))),
            .resnet3D(narrow(ResNet3D(depth: 18, inputChannels: 3, classes: 2))),
        ] {
            let graph = try architecture.graph()
            let parameters = try randomParameters(of: graph)
            let extent = architecture.spatialRank == 2 ? Extent(1, 80, 75) : Extent(20, 17, 30)
            let input = randomValues(2 * 3 * extent.volume, seed: 8)
            let reused = try runGraph(graph, parameters, input, batch: 2, extent: extent, computation)
            let kept = try runGraph(
                graph, parameters, input, batch: 2, extent: extent, computation, keepsActivations: true)
            // Where every value is kept, steps are not merged, and other codes may be chosen: sums are taken in another
            // order.
            #expect(largestDifference(reused, kept) < 1e-4 * largest(kept))
        }
    }

    @Test func wrongInputsAreRefusedWithWhatWasExpected() throws {
        let graph = try narrow(InceptionV3(classes: 2)).graph()
        let plan = try InferencePlan(graph: graph, parameters: try SeededParameters.make(for: graph, seed: 1))
        #expect(throws: NeuralNetworkError.inputShapeMismatch(expected: [0, 3, 0, 0], got: [1, 1, 80, 80])) {
            try plan.run(try Tensor(shape: [1, 1, 80, 80], floats: randomValues(6400, seed: 1)))
        }
        #expect(throws: NeuralNetworkError.inputShapeMismatch(expected: [0, 3, 0, 0], got: [0, 3, 80, 80])) {
            try plan.run(try Tensor(shape: [0, 3, 80, 80], floats: []))
        }
        #expect {
            try plan.run(try Tensor(shape: [1, 3, 20, 20], floats: randomValues(1200, seed: 1)))
        } throws: { error in
            if case .inputTooSmall? = error as? NeuralNetworkError { true } else { false }
        }
    }

    @Test func halfPrecisionInputsAreWidened() throws {
        let graph = try narrow(ResNet3D(depth: 6, inputChannels: 1, classes: 2)).graph()
        let plan = try InferencePlan(graph: graph, parameters: try randomParameters(of: graph))
        let half = try Tensor(shape: [1, 1, 8, 8, 8], floats: randomValues(512, seed: 1)).converted(to: .float16)
        #expect(try plan.run(half) == plan.run(half.converted(to: .float32)))
    }

    @Test func workersAnswerManyCallersAtOnce() async throws {
        let graph = try narrow(ResNet3D(depth: 6, inputChannels: 1, classes: 2)).graph()
        let network = try FusedNetwork(graph: graph, parameters: try randomParameters(of: graph))
        let executor = ComputeExecutor()
        let workers = (0..<2).map { _ in
            NetworkWorker(
                network: network, settings: ComputeSettings(threads: 2, precision: .float32), executor: executor)
        }
        let plan = InferencePlan(network: network, settings: ComputeSettings(precision: .float32))
        let inputs = try (0..<6).map {
            try Tensor(shape: [1, 1, 8 + $0 % 2, 8, 8], floats: randomValues((8 + $0 % 2) * 64, seed: UInt64($0)))
        }
        let expected = try inputs.map { try plan.run($0) }
        try await withThrowingTaskGroup(of: (Int, Tensor).self) { group in
            for (index, input) in inputs.enumerated() {
                group.addTask { (index, try await workers[index % 2].run(input)) }
            }
            for try await (index, output) in group {
                // Which code computes a layer is measured, and codes differ by rounding; other inputs differ by far more.
                let scale = expected[index].floats().map(abs).max() ?? 0
                #expect(
                    largestDifference(output.floats(), expected[index].floats()) < 1e-4 * max(scale, 1e-3), "\(index)")
            }
        }
    }

    private func narrow(_ network: ResNet3D) -> ResNet3D {
        var network = network
        network.widthMultiplier = 1 / 16
        return network
    }

    private func narrow(_ network: InceptionV3) -> InceptionV3 {
        var network = network
        network.widthMultiplier = 1 / 16
        return network
    }
}

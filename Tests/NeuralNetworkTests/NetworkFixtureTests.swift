import Foundation
import NeuralNetwork
import Tensors
import Testing

/// Whole networks against MONAI and torchvision; see Fixtures/generate_fixtures.py.
struct NetworkFixtureTests {
    static func fixture(_ name: String) throws -> SafetensorsFile {
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "safetensors", subdirectory: "Fixtures"))
        return try SafetensorsFile.map(path: url.path)
    }

    private static func architecture(_ name: String) -> ResNet3D {
        var network = ResNet3D(depth: name == "shallow" ? 6 : 18, inputChannels: 2, classes: 2)
        network.widthMultiplier = 1 / 32
        if name == "padded" {
            network.stemStride = [1, 1, 1]
            network.maxPool = false
            network.shortcut = .stridedZeroPadding
        }
        if name == "dilated" { network.dilation = [1, 1, 2, 4] }
        return network
    }

    @Test(
        arguments: [
            ("projection", "layer2", 1), ("padded", "layer2", 0), ("dilated", "layer3", 1), ("shallow", "layer1", 0),
        ], Computation.backends)
    func residualNetworkGivesTheReferencesLogitsAndHeatmap(
        network: (name: String, layer: String, target: Int), computation: Computation
    ) throws {
        let (name, layer, target) = network
        let file = try Self.fixture("resnet3d")
        let graph = try Self.architecture(name).graph()
        var parameters = ParameterSet()
        for parameter in graph.parameters {
            let stored = name == "shallow" && parameter.name == "fc.weight" ? "shallow.fc.weight" : parameter.name
            parameters.tensors[parameter.name] = try file.requiredTensor(stored)
        }
        try compare(graph, parameters, file, name, layer: layer, target: target, computation)
    }

    @Test(arguments: [("plain", "Mixed_5b", 2), ("transformed", "Mixed_6a", 2)], Computation.backends)
    func inceptionGivesTheReferencesLogitsAndHeatmap(
        variant: (name: String, layer: String, target: Int), computation: Computation
    ) throws {
        let (name, layer, target) = variant
        let file = try Self.fixture("inception")
        var network = InceptionV3(classes: 3)
        network.widthMultiplier = 1 / 32
        network.transformInput = name == "transformed"
        let graph = try network.graph()
        var parameters = ParameterSet()
        for parameter in graph.parameters {
            parameters.tensors[parameter.name] = try file.requiredTensor(parameter.name)
        }
        try compare(graph, parameters, file, name, layer: layer, target: target, computation)
    }

    private func compare(
        _ graph: NetworkGraph, _ parameters: ParameterSet, _ file: SafetensorsFile, _ name: String, layer: String,
        target: Int, _ computation: Computation
    ) throws {
        let plan = try InferencePlan(graph: graph, parameters: parameters, settings: computation.settings)
        let input = try file.requiredTensor("input")
        let expectedLogits = try file.requiredTensor("\(name).logits")
        let logits = try plan.run(input)
        #expect(logits.shape == expectedLogits.shape)
        #expect(largestDifference(logits.floats(), expectedLogits.floats()) < 2e-5)

        var row = [Float](repeating: 0, count: logits.shape[1])
        row[target] = 1
        let seed = [[Float]](repeating: row, count: logits.shape[0])
        let result = try plan.gradCAM(input, layer: layer, seed: seed)
        let expectedMap = try file.requiredTensor("\(name).gradcam")
        #expect(largestDifference(result.logits.floats(), logits.floats()) < 2e-5)
        #expect(result.map.shape == expectedMap.shape)
        // The reference map is stored in half precision.
        #expect(largestDifference(result.map.floats(), expectedMap.floats()) < 1e-3)
    }
}

/// The largest absolute difference; infinite for different counts or a NaN.
func largestDifference(_ first: [Float], _ second: [Float]) -> Float {
    guard first.count == second.count else { return .infinity }
    var largest: Float = 0
    for (one, other) in zip(first, second) {
        let difference = abs(one - other)
        guard !difference.isNaN else { return .infinity }
        largest = max(largest, difference)
    }
    return largest
}

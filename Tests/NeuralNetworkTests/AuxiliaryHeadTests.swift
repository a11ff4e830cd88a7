import NeuralNetwork
import Tensors
import Testing

/// Inception's auxiliary head: there for training, tolerated in files otherwise.
struct AuxiliaryHeadTests {
    @Test func parametersWithTheHeadAreTorchvisions() throws {
        let graph = try InceptionV3(classes: 1000).graph(withAuxiliaryHead: true)
        #expect(graph.parameterCount == 27_161_264)
        let shapes = Dictionary(uniqueKeysWithValues: graph.parameters.map { ($0.name, $0.shape) })
        #expect(shapes["AuxLogits.conv0.conv.weight"] == [128, 768, 1, 1])
        #expect(shapes["AuxLogits.conv1.conv.weight"] == [768, 128, 5, 5])
        #expect(shapes["AuxLogits.conv1.bn.running_var"] == [768])
        #expect(shapes["AuxLogits.fc.weight"] == [1000, 768])
        #expect(shapes["AuxLogits.fc.bias"] == [1000])
    }

    @Test func theHeadsLogitsAreASecondOutputOfTrainingOnly() throws {
        let network = Architecture.inceptionV3(InceptionV3(classes: 7))
        let training = try network.graph(forTraining: true)
        let head = try #require(training.auxiliaryOutput)
        #expect(training.nodes[head].name == "AuxLogits.fc")
        #expect(training.nodes[training.output].name == "fc")
        let shapes = try training.shapes(of: Extent(1, 299, 299))
        #expect(shapes[head] == LayerShape(channels: 7, extent: .one))
        #expect(try network.graph().auxiliaryOutput == nil)
        #expect(
            try Architecture.resnet3D(ResNet3D(depth: 6, inputChannels: 1, classes: 2))
                .graph(forTraining: true).auxiliaryOutput == nil)
    }

    @Test func aMissingHeadIsNamedWhereItIsWanted() throws {
        var network = InceptionV3(classes: 1)
        network.widthMultiplier = 1 / 32
        let parameters = try SeededParameters.make(for: try network.graph(), seed: 1)
        let problems = try network.graph(withAuxiliaryHead: true).problems(in: parameters)
        #expect(problems.count == 12)
        #expect(problems.contains(.missing(name: "AuxLogits.fc.bias", shape: [1])))
    }

    @Test func imagesTooSmallForTheHeadAreRefusedByItsName() throws {
        let graph = try InceptionV3(classes: 1).graph(withAuxiliaryHead: true)
        #expect(throws: NeuralNetworkError.inputTooSmall(layer: "AuxLogits.pool", extent: Extent(1, 0, 0))) {
            try graph.shapes(of: Extent(1, 75, 75))
        }
    }

    @Test func inputChannelsCanBeChosen() throws {
        var network = InceptionV3(classes: 1)
        network.inputChannels = 1
        #expect(try network.graph().parameters[0].shape == [32, 1, 3, 3])
        network.transformInput = true
        #expect(throws: NeuralNetworkError.invalidArchitecture("transformInput is for 3 input channels, got 1")) {
            try network.graph()
        }
    }
}

import NeuralNetwork
import Tensors
import Testing

/// Checkpoints of other programs: what is found in them, and what is made of them.
struct CheckpointTests {
    @Test(arguments: ["", "module.", "model.", "backbone.", "state_dict.module.", "net.encoder."])
    func pathsBeforeTheNamesAreTakenOff(prefix: String) throws {
        let network = tiny(ResNet3D(depth: 18, inputChannels: 2, classes: 3))
        let source = try stored(network, prefix: prefix)
        let checkpoint = try opened(source)
        #expect(checkpoint.prefix == prefix)
        let found = try Architecture.detect(in: checkpoint.shapes)
        #expect(found == network)
        let result = try CheckpointConversion().convert(checkpoint, to: network, from: source)
        let kept = try stored(network).tensors
        #expect(result.parameters.tensors == kept)
        #expect(result.leftOut.isEmpty && result.seeded.isEmpty && result.originalInputChannels == nil)
    }

    @Test(arguments: ["last_linear", "classifier", "head.fc", "head", "fc.1", "classifier.1"], ["module.", ""])
    func headsByOtherNamesAreTheHead(name: String, prefix: String) throws {
        let network = tiny(ResNet3D(depth: 6, inputChannels: 1, classes: 2))
        var source = try stored(network, prefix: prefix)
        for part in ["weight", "bias"] {
            source.tensors["\(prefix)\(name).\(part)"] = source.tensors.removeValue(forKey: "\(prefix)fc.\(part)")
        }
        let checkpoint = try opened(source)
        #expect(checkpoint.headName == name)
        let result = try CheckpointConversion().convert(checkpoint, to: network, from: source)
        let kept = try stored(network).tensors
        #expect(result.parameters.tensors == kept)
    }

    @Test func aHeadBesideTheWrappedNetworkIsTheHead() throws {
        let network = tiny(ResNet3D(depth: 6, inputChannels: 1, classes: 2))
        var source = try stored(network, prefix: "backbone.")
        for part in ["weight", "bias"] {
            source.tensors["head.\(part)"] = source.tensors.removeValue(forKey: "backbone.fc.\(part)")
        }
        source.tensors["optimizer.step"] = try Tensor(shape: [1], floats: [1])
        let checkpoint = try opened(source)
        let result = try CheckpointConversion().convert(checkpoint, to: network, from: source)
        let kept = try stored(network).tensors
        #expect(result.parameters.tensors == kept)
        #expect(result.leftOut == ["optimizer.step"])
    }

    @Test(arguments: [6, 18], [1.0 / 32, 1.0 / 16, 0.25, 1.0 / 3, 0.3])
    func residualVariantsAreRecognizedByTheirTensors(depth: Int, width: Double) throws {
        for (shortcut, hasBias) in [
            (ResNet3D.Shortcut.projection, false), (.projection, true), (.stridedZeroPadding, false),
        ] {
            var network = ResNet3D(depth: depth, inputChannels: depth / 6, classes: 5)
            network.widthMultiplier = width
            network.shortcut = shortcut
            network.shortcutBias = hasBias
            let graph = try network.graph()
            let shapes = Dictionary(uniqueKeysWithValues: graph.parameters.map { ($0.name, $0.shape) })
            let found = try Architecture.detect(in: shapes)
            let parameters = try found.graph().parameters
            #expect(parameters == graph.parameters)
        }
    }

    @Test(arguments: [1.0, 0.5, 0.25, 1.0 / 32], [1, 3])
    func inceptionIsRecognizedByItsTensors(width: Double, channels: Int) throws {
        var network = InceptionV3(classes: 7)
        network.widthMultiplier = width
        network.inputChannels = channels
        let graph = try network.graph(withAuxiliaryHead: true)
        let shapes = Dictionary(uniqueKeysWithValues: graph.parameters.map { ($0.name, $0.shape) })
        let found = try Architecture.detect(in: shapes)
        #expect(found == .inceptionV3(network))
    }

    @Test func aNewHeadIsSeededAndTheRestIsKept() throws {
        let network = tiny(ResNet3D(depth: 18, inputChannels: 1, classes: 9))
        let source = try stored(network)
        var conversion = CheckpointConversion()
        conversion.replacedHeadClasses = 2
        conversion.seed = 5
        let result = try conversion.convert(try opened(source), to: network, from: source)
        #expect(result.architecture.classes == 2)
        #expect(result.leftOut == ["fc.bias", "fc.weight"])
        #expect(result.parameters.tensors["fc.weight"]?.shape == [2, 16])
        #expect(result.parameters.tensors["layer4.1.conv2.weight"] == source.tensors["layer4.1.conv2.weight"])
        let again = try conversion.convert(try opened(source), to: network, from: source).parameters.tensors
        #expect(again == result.parameters.tensors)
        conversion.seed = 6
        let other = try conversion.convert(try opened(source), to: network, from: source).parameters.tensors
        #expect(other["fc.weight"] != result.parameters.tensors["fc.weight"])
    }

    @Test func aSegmentationNetworkWithoutAHeadAsksForOne() throws {
        var network = ResNet3D(depth: 18, inputChannels: 1, classes: 1)
        network.widthMultiplier = 1 / 32
        network.shortcut = .stridedZeroPadding
        var source = try stored(.resnet3D(network), prefix: "module.")
        source.tensors["module.fc.weight"] = nil
        source.tensors["module.fc.bias"] = nil
        source.tensors["module.conv_seg.0.weight"] = try Tensor(shape: [1], floats: [1])
        source.tensors["module.bn1.num_batches_tracked"] = try Tensor(shape: [1], floats: [1])
        let checkpoint = try opened(source)
        let found = try Architecture.detect(in: checkpoint.shapes)
        #expect(found == .resnet3D(network))
        #expect(throws: CheckpointError.noHead) {
            try CheckpointConversion().convert(checkpoint, to: .resnet3D(network), from: source)
        }
        var conversion = CheckpointConversion()
        conversion.replacedHeadClasses = 2
        let result = try conversion.convert(checkpoint, to: .resnet3D(network), from: source)
        #expect(result.leftOut == ["module.bn1.num_batches_tracked", "module.conv_seg.0.weight"])
    }

    @Test func theAuxiliaryHeadIsLeftOut() throws {
        var network = InceptionV3(classes: 2)
        network.widthMultiplier = 1 / 32
        let source = try SeededParameters.make(for: try network.graph(withAuxiliaryHead: true), seed: 2)
        let result = try CheckpointConversion().convert(
            try opened(source), to: .inceptionV3(network), from: source)
        #expect(result.leftOut.count == 12)
        #expect(result.leftOut.allSatisfy { $0.hasPrefix("AuxLogits.") })
        let problems = try network.graph().problems(in: result.parameters)
        #expect(problems.isEmpty)
    }

    /// A gray image in three equal channels gives what it gives in one.
    @Test(arguments: [(3, 1), (1, 3)])
    func otherInputChannelsLeaveGrayImagesTheirLogits(from: Int, to: Int) throws {
        let network = tiny(ResNet3D(depth: 6, inputChannels: from, classes: 2))
        let source = try randomParameters(of: try network.graph())
        var conversion = CheckpointConversion()
        conversion.inputChannels = to
        let result = try conversion.convert(try opened(source), to: network, from: source)
        #expect(result.architecture.inputChannels == to)
        #expect(result.originalInputChannels == from)
        let gray = randomValues(9 * 8 * 7, seed: 4)
        func logits(_ architecture: Architecture, _ parameters: ParameterSet) throws -> [Float] {
            let channels = architecture.inputChannels
            let input = try Tensor(
                shape: [1, channels, 9, 8, 7], floats: (0..<channels).flatMap { _ in gray })
            return try InferencePlan(
                graph: try architecture.graph(), parameters: parameters,
                settings: ComputeSettings(precision: .float32)
            ).run(input).floats()
        }
        let adapted = try logits(result.architecture, result.parameters)
        let original = try logits(network, source)
        #expect(largestDifference(adapted, original) < 1e-4)
    }

    @Test func everyProblemIsNamedAsInTheFileWithItsRemedy() throws {
        let network = tiny(ResNet3D(depth: 6, inputChannels: 1, classes: 2))
        var source = try stored(network, prefix: "module.")
        source.tensors["module.layer1.0.bn1.weight"] = nil
        source.tensors["module.layer2.0.conv2.weight"] = try Tensor(shape: [4], floats: [1, 2, 3, 4])
        source.tensors["module.bn1.bias"] = try Tensor(shape: [2], floats: [1, .nan])
        source.tensors["module.extra.weight"] = try Tensor(shape: [1], floats: [1])
        let checkpoint = try opened(source)
        let error = CheckpointError.mismatch([
            .notFinite(name: "module.bn1.bias"), .missing(name: "module.layer1.0.bn1.weight", shape: [2]),
            .misshapen(name: "module.layer2.0.conv2.weight", expected: [4, 4, 3, 3, 3], got: [4]),
            .unexpected(name: "module.extra.weight"),
        ])
        #expect(throws: error) { try CheckpointConversion().convert(checkpoint, to: network, from: source) }
        for remedy in ["--seed-missing", "--ignore"] { #expect("\(error)".contains(remedy)) }
        source.tensors["module.layer2.0.conv2.weight"] = try stored(network).tensors["layer2.0.conv2.weight"]
        source.tensors["module.bn1.bias"] = try Tensor(shape: [2], floats: [1, 2])
        var conversion = CheckpointConversion()
        conversion.seedsMissing = true
        conversion.ignoredPrefixes = ["extra."]
        let result = try conversion.convert(try opened(source), to: network, from: source)
        #expect(result.seeded == ["layer1.0.bn1.weight"])
        #expect(result.leftOut == ["module.extra.weight"])
    }

    @Test func whatIsNoNetworkOfOursIsToldApart() throws {
        func failure(_ entries: [(name: String, shape: [Int])]) -> String {
            do {
                _ = try Architecture.detect(in: try Checkpoint(entries: entries).shapes)
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(failure([]).contains("no tensors"))
        #expect(failure([("input", [1])]).contains("named such as input"))
        #expect(failure([("stem.0.weight", [1]), ("layer1.0.conv1.0.weight", [1])]).contains("video ResNet"))
        let block: (name: String, shape: [Int]) = ("layer1.0.conv1.weight", [64, 64, 3, 3])
        #expect(failure([block, ("conv1.weight", [64, 3, 7, 7])]).contains("2D ResNet"))
        #expect(
            failure([block, ("conv1.weight", [64, 3, 7, 7, 7]), ("layer1.0.conv3.weight", [1])])
                .contains("bottleneck"))
        #expect(failure([block, ("conv1.weight", [64, 3, 7, 7, 7])]).contains("[1] basic blocks"))
        #expect(
            failure([("a.layer1.0.conv1.weight", [1]), ("b.layer1.0.conv1.weight", [1])])
                .contains("--prefix"))
    }

    private func tiny(_ network: ResNet3D) -> Architecture {
        var network = network
        network.widthMultiplier = 1 / 32
        return .resnet3D(network)
    }

    private func stored(_ architecture: Architecture, prefix: String = "") throws -> ParameterSet {
        let parameters = try SeededParameters.make(for: try architecture.graph(), seed: 3)
        return ParameterSet(
            Dictionary(uniqueKeysWithValues: parameters.tensors.map { (prefix + $0.key, $0.value) }))
    }

    private func opened(_ source: ParameterSet) throws -> Checkpoint {
        try Checkpoint(entries: source.tensors.map { (name: $0.key, shape: $0.value.shape) })
    }
}

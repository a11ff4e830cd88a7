import Classifiers
import Contracts
import Foundation
import NeuralNetwork
import Tensors
import Testing

/// Model folders looked at as networks alone, and folders made of checkpoints.
struct NetworkFolderTests {
    @Test func ofTheDescriptionOnlyTheArchitectureIsNeeded() throws {
        try withTemporaryDirectory { directory in
            var network = ResNet3D(depth: 6, inputChannels: 7, classes: 1)
            network.widthMultiplier = 1 / 32
            network.shortcutBias = true
            var parameters = try SeededParameters.make(for: try network.graph(), seed: 1)
            parameters.tensors["bn1.num_batches_tracked"] = try Tensor(shape: [], floats: [3])
            try store(parameters, in: directory)
            // The bias shows in the weights and need not be told.
            try describe(
                #"{"architecture": {"kind": "resnet3d", "depth": 6, "inputChannels": 7, "classes": 1, "widthMultiplier": 0.03125}, "input": {"sequences": ["PET"]}}"#,
                in: directory)
            let folder = try NetworkFolder.load(path: directory)
            #expect(folder.architecture == .resnet3D(network))
            #expect(folder.labels.isEmpty && folder.extents == nil && folder.gradCAMLayer == "layer2")
            #expect(folder.probabilities(logits: [0]) == [0.5])
            #expect(try folder.score(ofClass: "0") == [1])
        }
    }

    @Test func classesAreNamedByLabelOrByIndex() throws {
        try withTemporaryDirectory { directory in
            try tinyModel(labels: ["non-lung", "lung"]).write(to: directory + "/two")
            let two = try NetworkFolder.load(path: directory + "/two")
            #expect(try two.score(ofClass: "LUNG") == [0, 1])
            #expect(try two.score(ofClass: "0") == [1, 0])
            #expect(two.extents == [12, 14, 16])
            for wrong in ["2", "-1", "liver", ""] {
                #expect(throws: ClassifierError.self) { try two.score(ofClass: wrong) }
            }
            try tinyModel(labels: ["negative", "positive"], classes: 1).write(to: directory + "/one")
            let one = try NetworkFolder.load(path: directory + "/one")
            #expect(try one.score(ofClass: "negative") == [-1])
            #expect(try one.score(ofClass: "positive") == [1])
        }
    }

    @Test func damageIsNamed() throws {
        try withTemporaryDirectory { directory in
            try tinyModel(labels: ["non-lung", "lung"]).write(to: directory)
            let whole = try Data(contentsOf: URL(filePath: directory + "/weights.safetensors"))
            try whole.prefix(whole.count - 5).write(to: URL(filePath: directory + "/weights.safetensors"))
            #expect {
                try NetworkFolder.load(path: directory)
            } throws: { error in
                "\(error)".contains("was the file cut off?")
            }
            try FileManager.default.removeItem(atPath: directory + "/weights.safetensors")
            #expect(throws: ClassifierError.self) { try NetworkFolder.load(path: directory) }
            #expect(try NetworkFolder.load(path: directory, needsWeights: false).weights == nil)
            for wrong in [
                #"{}"#, #"{"architecture": {"kind": "vgg"}}"#, #"{"schema": "oncorelay.model/2", "architecture": 1}"#,
                "[",
            ] {
                try describe(wrong, in: directory)
                #expect(throws: ClassifierError.self) { try NetworkFolder.load(path: directory, needsWeights: false) }
            }
        }
    }

    @Test func anImportedModelSaysWhereItCameFromAndWhatIsNew() throws {
        try withTemporaryDirectory { directory in
            var network = ResNet3D(depth: 18, inputChannels: 3, classes: 4)
            network.widthMultiplier = 1 / 32
            network.shortcut = .stridedZeroPadding
            let parameters = try SeededParameters.make(for: try network.graph(), seed: 1)
            let file = directory + "/medical.safetensors"
            try SafetensorsFile.write(
                parameters.tensors.map { (name: "module." + $0.key, tensor: $0.value) }
                    + [(name: "module.conv_seg.0.weight", tensor: try Tensor(shape: [1], floats: [1]))], to: file)
            var task = ModelImport()
            task.family = .medicalNet
            task.conversion.replacedHeadClasses = 2
            task.conversion.inputChannels = 1
            task.description.labels = ["non-lung", "lung"]
            let outcome = try task.read(path: file)
            try outcome.model.write(to: directory + "/model")
            let model = try ModelFolder.load(path: directory + "/model")
            guard case .resnet3D(let found) = model.description.architecture else {
                Issue.record("expected a resnet3d")
                return
            }
            #expect(found.dilation == [1, 1, 2, 4] && found.inputChannels == 1 && found.classes == 2)
            #expect(model.description.name == "medical")
            #expect(model.description.intendedUse.hasPrefix("UNTRAINED"))
            #expect(ClassifierRole(labels: model.description.labels) == .lungVersusNonLung)
            let training = try #require(model.description.training)
            #expect(training["importedFrom"]?["sha256"]?.text == outcome.sourceSHA256)
            #expect(training["importedFrom"]?["file"]?.text == "medical.safetensors")
            #expect(training["strippedPrefix"]?.text == "module.")
            #expect(training["replacedHead"]?["classes"]?.number == 2)
            #expect(training["replacedHead"]?["seed"]?.number == 1)
            #expect(training["inputChannels"]?["rule"]?.text == "summed")
            #expect(training["untrained"] == .bool(true))
            #expect(
                training["leftOut"]
                    == .array(
                        ["module.conv_seg.0.weight", "module.fc.bias", "module.fc.weight"].map(JSONValue.string)))
            task.family = .inceptionV3
            #expect(throws: CheckpointError.self) { try task.read(path: file) }
        }
    }

    @Test func doublesAreRoundedAndCountersLeftOutAndBothIsSaid() throws {
        try withTemporaryDirectory { directory in
            var network = ResNet3D(depth: 6, inputChannels: 1, classes: 2)
            network.widthMultiplier = 1 / 32
            let parameters = try SeededParameters.make(for: try network.graph(), seed: 1)
            let file = directory + "/doubles.safetensors"
            try Self.writeDoubles(parameters, to: file)
            var task = ModelImport()
            task.family = .resnet3D6
            let outcome = try task.read(path: file)
            #expect(outcome.notes.contains { $0.hasPrefix("\(parameters.names.count) tensors are float64 (F64)") })
            #expect(outcome.conversion.leftOut == ["bn1.num_batches_tracked"])
            for (name, tensor) in parameters.tensors {
                #expect(outcome.conversion.parameters.tensors[name] == tensor)
            }
        }
    }

    /// Parameters as doubles, and a counter of whole numbers beside them.
    private static func writeDoubles(_ parameters: ParameterSet, to path: String) throws {
        var data = Data()
        var members: [String] = []
        for (name, tensor) in parameters.tensors {
            let start = data.count
            for value in tensor.floats() {
                withUnsafeBytes(of: Double(value).bitPattern.littleEndian) { data.append(contentsOf: $0) }
            }
            members.append(
                #""\#(name)":{"dtype":"F64","shape":\#(tensor.shape),"data_offsets":[\#(start),\#(data.count)]}"#)
        }
        members.append(
            #""bn1.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[\#(data.count),\#(data.count + 8)]}"#)
        data.append(Data(count: 8))
        let header = Data("{\(members.joined(separator: ","))}".utf8)
        var file = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
        file.append(header)
        file.append(data)
        try file.write(to: URL(filePath: path))
    }

    private func store(_ parameters: ParameterSet, in directory: String) throws {
        try SafetensorsFile.write(
            parameters.tensors.map { (name: $0.key, tensor: $0.value) }, to: directory + "/weights.safetensors")
    }

    private func describe(_ text: String, in directory: String) throws {
        try Data(text.utf8).write(to: URL(filePath: directory + "/model.json"))
    }
}

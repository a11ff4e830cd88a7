import Classifiers
import Contracts
import Foundation
import NeuralNetwork
import Tensors
import Testing

/// Model folders: what is loaded, and what is refused how.
struct ModelFolderTests {
    @Test func writtenFolderIsReadBackWhole() throws {
        try withTemporaryDirectory { directory in
            let model = try tinyModel(labels: ["non-lung", "lung"])
            try model.write(to: directory + "/a")
            let loaded = try ModelFolder.load(path: directory + "/a")
            #expect(loaded.description == model.description)
            #expect(loaded.weightsSHA256 == model.weightsSHA256)
            #expect(loaded.weightsSHA256.count == 64)
            for parameter in model.graph.parameters {
                #expect(
                    try loaded.parameters.parameter(named: parameter.name)
                        == model.parameters.parameter(named: parameter.name))
            }
        }
    }

    @Test func missingFolderAndMissingWeightsAreMissingModels() throws {
        try withTemporaryDirectory { directory in
            #expect { try ModelFolder.load(path: directory + "/none") } throws: { code($0) == .modelMissing }
            try tinyModel(labels: ["bc", "gic"]).write(to: directory + "/a")
            try FileManager.default.removeItem(atPath: directory + "/a/weights.safetensors")
            #expect { try ModelFolder.load(path: directory + "/a") } throws: { error in
                code(error) == .modelMissing && "\(error)".contains("weights.safetensors")
            }
        }
    }

    @Test(
        arguments: [
            (#""version" : "1.0.0""#, #""versionn" : "1.0.0""#, "missing version"),
            (#""threshold" : 0.5"#, #""threshold" : 1.5"#, "threshold: expected 0 to 1, got 1.5"),
            ("oncorelay.model/1", "oncorelay.model/9", "expected oncorelay.model/1"),
            (#""depth" : 6"#, #""depth" : 34"#, "depth 6 or 18, got 34"),
            (#""layer" : "layer2""#, #""layer" : "layer4""#, "the network has no layer4; it has"),
            (#""shortcut" : "B""#, #""shortcut" : "C""#, "architecture"),
            (#""widthMultiplier""#, #""widthMultiplyer""#, "unknown settings widthMultiplyer"),
            (#""lung""#, #""non-lung""#, "labels must be different"),
            (#""T1""#, #""T9""#, "input.sequences"),
            (#""kind" : "resnet3d""#, #""kind" : 3"#, "architecture.kind is not of type String"),
            ("{", "", "model.json"),
        ])
    func damagedDescriptionIsRefusedWithThePlaceNamed(original: String, damaged: String, named: String) throws {
        try withTemporaryDirectory { directory in
            try tinyModel(labels: ["non-lung", "lung"]).write(to: directory)
            let file = directory + "/model.json"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try #require(text.contains(original))
            let range = try #require(text.range(of: original))
            try text.replacingCharacters(in: range, with: damaged).write(
                toFile: file, atomically: true, encoding: .utf8)
            #expect {
                try ModelFolder.load(path: directory)
            } throws: { error in
                code(error) == .modelDamaged && "\(error)".contains(named)
            }
        }
    }

    @Test func everyWrongTensorIsNamed() throws {
        try withTemporaryDirectory { directory in
            let model = try tinyModel(labels: ["non-lung", "lung"])
            try model.write(to: directory)
            var tensors: [(name: String, tensor: Tensor)] = []
            for parameter in model.graph.parameters where parameter.name != "fc.bias" {
                tensors.append((parameter.name, try model.parameters.parameter(named: parameter.name)))
            }
            tensors.removeAll { $0.name == "conv1.weight" }
            tensors.append(("conv1.weight", try Tensor(shape: [3], floats: [1, 2, 3])))
            tensors.append(("stray", try Tensor(shape: [1], floats: [1])))
            try SafetensorsFile.write(tensors, to: directory + "/weights.safetensors")
            #expect {
                try ModelFolder.load(path: directory)
            } throws: { error in
                let text = "\(error)"
                return code(error) == .modelDamaged && text.contains("missing fc.bias [2]")
                    && text.contains("unexpected stray")
                    && text.contains("conv1.weight: expected shape [4, 1, 7, 7, 7]")
            }
        }
    }

    @Test func weightsThatAreNotSafetensorsAreDamaged() throws {
        try withTemporaryDirectory { directory in
            try tinyModel(labels: ["non-lung", "lung"]).write(to: directory)
            try Data("not a model".utf8).write(to: URL(filePath: directory + "/weights.safetensors"))
            #expect { try ModelFolder.load(path: directory) } throws: { code($0) == .modelDamaged }
        }
    }

    @Test func seededModelsSayThatTheyAreUntrained() throws {
        let model = try SeededModel.makeDefault(.sclcVersusNSCLC)
        #expect(model.description.name.hasSuffix("-untrained"))
        #expect(model.description.training?["untrained"] == .bool(true))
        #expect(model.description.intendedUse.hasPrefix("UNTRAINED"))
        #expect(model.description.intendedUse.contains("Not for diagnosis"))
        #expect(model.description.input.sequences == [.dwi])
        #expect(try SeededModel.makeDefault(.sclcVersusNSCLC).weightsSHA256 == model.weightsSHA256)
        #expect(try SeededModel.make(model.description, seed: 77).weightsSHA256 != model.weightsSHA256)
        #expect(try SeededModel.make(model.description, seed: 2).description.name == model.description.name)
    }

    @Test func catalogFindsModelsByTheirLabels() throws {
        try withTemporaryDirectory { directory in
            try tinyModel(labels: ["LUNG", "Non-Lung"]).write(to: directory + "/a")
            try tinyModel(labels: ["sclc", "nsclc"]).write(to: directory + "/b/c/d")
            try tinyModel(labels: ["cat", "dog"]).write(to: directory + "/e")
            try tinyModel(labels: ["bc", "gic"]).write(to: directory + "/too/deep/for/it")
            try tinyModel(labels: ["bc", "gic"]).write(to: directory + "/.hidden")
            let catalog = try ModelCatalog.open(directory: directory)
            #expect(catalog.entry(for: .lungVersusNonLung)?.path == directory + "/a")
            #expect(catalog.entry(for: .sclcVersusNSCLC)?.path == directory + "/b/c/d")
            #expect(catalog.entry(for: .bcVersusGIC) == nil)
            #expect(catalog.entries.count == 3)
            #expect(try catalog.model(for: .lungVersusNonLung).description.labels == ["LUNG", "Non-Lung"])
            #expect { try catalog.model(for: .bcVersusGIC) } throws: { code($0) == .modelMissing }
        }
    }

    @Test func twoModelsForOneQuestionAreRefused() throws {
        try withTemporaryDirectory { directory in
            try tinyModel(labels: ["bc", "gic"]).write(to: directory + "/a")
            try tinyModel(labels: ["gic", "bc"]).write(to: directory + "/b")
            let expected = ClassifierError.ambiguousRole(
                role: "bc-vs-gic", paths: [directory + "/a", directory + "/b"])
            #expect(throws: expected) { try ModelCatalog.open(directory: directory) }
        }
    }

    @Test func directoryWithoutModelsIsAMissingModel() throws {
        try withTemporaryDirectory { directory in
            #expect { try ModelCatalog.open(directory: directory) } throws: { code($0) == .modelMissing }
            #expect { try ModelCatalog.open(directory: directory + "/x") } throws: { code($0) == .modelMissing }
        }
    }

    @Test func withoutADirectoryEveryRoleHasAnUntrainedModel() throws {
        let catalog = try ModelCatalog.open(directory: nil)
        #expect(Set(catalog.entries.compactMap(\.role)) == Set(ClassifierRole.allCases))
        #expect(catalog.entries.allSatisfy { $0.description.contradictions.isEmpty })
        #expect(catalog.entries.allSatisfy { $0.description.name.hasSuffix("-untrained") })
        #expect(!catalog.hasChanged)
    }

    @Test func libraryReloadsModelsThatWereWrittenAgain() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/oncorelay-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try tinyModel(labels: ["bc", "gic"]).write(to: directory + "/a")
        let library = try ClassifierLibrary(directory: directory, settings: ComputeSettings())
        let first = try await library.classifier(for: .bcVersusGIC)
        #expect(try await library.reloadIfChanged() == false)
        #expect(try await library.classifier(for: .bcVersusGIC) === first)

        try tinyModel(labels: ["bc", "gic"], seed: 2).write(to: directory + "/a")
        #expect(try await library.reloadIfChanged())
        let second = try await library.classifier(for: .bcVersusGIC)
        #expect(second.weightsSHA256 != first.weightsSHA256)

        // A model that cannot be used leaves the old one in service.
        try Data("{}".utf8).write(to: URL(filePath: directory + "/a/model.json"))
        await #expect(throws: ClassifierError.self) { try await library.reloadIfChanged() }
        #expect(try await library.classifier(for: .bcVersusGIC) === second)
    }

    @Test func libraryLoadsSeveralRolesAtOnceAndSaysWhichItCannot() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/oncorelay-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try tinyModel(labels: ["bc", "gic"]).write(to: directory + "/a")
        try tinyModel(labels: ["sclc", "nsclc"], seed: 2).write(to: directory + "/b")
        try Data("no weights".utf8).write(to: URL(filePath: directory + "/b/weights.safetensors"))
        let library = try ClassifierLibrary(directory: directory, settings: ComputeSettings())
        async let same = library.load([.bcVersusGIC])
        let problems = await library.load([.bcVersusGIC, .sclcVersusNSCLC, .lungVersusNonLung])
        #expect(
            problems.mapValues { code($0) } == [.sclcVersusNSCLC: .modelDamaged, .lungVersusNonLung: .modelMissing])
        #expect(await same.isEmpty)
        let first = try await library.classifier(for: .bcVersusGIC)
        #expect(first.description.labels == ["bc", "gic"])

        // What is there is kept; what was mended is loaded.
        try FileManager.default.removeItem(atPath: directory + "/b")
        try tinyModel(labels: ["sclc", "nsclc"], seed: 2).write(to: directory + "/b")
        #expect(await library.load([.bcVersusGIC, .sclcVersusNSCLC]).isEmpty)
        #expect(try await library.classifier(for: .bcVersusGIC) === first)
    }

    @Test func halfWrittenModelsLeaveTheOldOnesInServiceUntilTheyAreWhole() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/oncorelay-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try tinyModel(labels: ["bc", "gic"]).write(to: directory + "/a")
        let library = try ClassifierLibrary(directory: directory, settings: ComputeSettings())
        let first = try await library.classifier(for: .bcVersusGIC)
        let input = try Tensor(shape: [1, 1, 12, 14, 16], floats: [Float](repeating: 0.5, count: 2688))
        let before = try await first.classify(input)

        // The weights of a wider network are half there, its description not yet.
        let fresh = try tinyModel(labels: ["bc", "gic"], seed: 2)
        try fresh.write(to: directory + "/new")
        let weights = try Data(contentsOf: URL(filePath: directory + "/new/weights.safetensors"))
        try FileManager.default.removeItem(atPath: directory + "/new")
        try weights.prefix(weights.count / 2).write(
            to: URL(filePath: directory + "/a/weights.safetensors"), options: .atomic)
        for _ in 0..<2 {
            await #expect(throws: ClassifierError.self) { try await library.reloadIfChanged() }
            #expect(try await library.classifier(for: .bcVersusGIC) === first)
        }
        #expect(try await first.classify(input) == before)

        // A folder that is away for a moment is no reason to stop either.
        try FileManager.default.moveItem(atPath: directory + "/a", toPath: directory + ".a")
        await #expect(throws: ClassifierError.self) { try await library.reloadIfChanged() }
        try FileManager.default.moveItem(atPath: directory + ".a", toPath: directory + "/a")

        try weights.write(to: URL(filePath: directory + "/a/weights.safetensors"), options: .atomic)
        #expect(try await library.reloadIfChanged())
        #expect(try await library.classifier(for: .bcVersusGIC).weightsSHA256 == fresh.weightsSHA256)
        #expect(try await library.reloadIfChanged() == false)
    }

    private func code(_ error: any Error) -> ReasonCode? { (error as? any FailureConvertible)?.failure.code }
}

/// A ResNet6 of a few channels on 16³, with seeded weights.
func tinyModel(
    labels: [String], seed: UInt64 = 1, classes: Int = 2, sequences: [MRSequence] = [.t1], threshold: Double = 0.5,
    calibration: Calibration? = nil
) throws -> ModelFolder {
    var network = ResNet3D(depth: 6, inputChannels: sequences.count, classes: classes)
    network.widthMultiplier = 1 / 16
    let description = ModelDescription(
        name: "tiny", version: "1.0.0", architecture: .resnet3D(network),
        input: ModelInput(
            sequences: sequences, spacing: [1, 1, 1], size: [16, 14, 12],
            normalization: ModelNormalization(method: "z-score", measured: "head")),
        labels: labels, threshold: threshold, calibration: calibration, gradCAM: .init(layer: "layer2"),
        intendedUse: "Tests only.")
    return try ModelFolder(
        description: description,
        parameters: try SeededParameters.make(for: try description.architecture.graph(), seed: seed))
}

func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory.path + "/oncorelay-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try body(directory)
}

package import Contracts
internal import Digests
package import NeuralNetwork
internal import Tensors

/// A checkpoint's tensors, those of float64 rounded to float32.
private struct RoundedCheckpoint: ParameterSource {
    let file: SafetensorsFile
    var names: [String] { file.names }
    func parameter(named name: String) throws -> Tensor { try file.float32Tensor(name) }
}

/// Makes a model of a checkpoint that another program wrote (torchvision, timm, MONAI, MedicalNet; as safetensors).
package struct ModelImport: Sendable {
    /// The networks that can be asked for by name.
    package enum Family: String, Sendable, CaseIterable {
        case resnet3D = "resnet3d"
        case resnet3D6 = "resnet3d-6"
        case resnet3D18 = "resnet3d-18"
        /// Depth 18 with stages 3 and 4 dilated instead of strided, as MedicalNet trained it.
        case medicalNet = "medicalnet-resnet18"
        case inceptionV3 = "inception-v3"
        /// The 2015 graph: average pools do not count padding, the last block's pool branch takes the maximum.
        case inceptionV32015 = "inception-v3-2015"
    }

    /// What tensors do not show; nil leaves the reference implementation's default.
    package struct Settings: Sendable, Equatable {
        package var stemStride: [Int]?
        package var maxPool: Bool?
        package var dilation: [Int]?
        package var transformInput: Bool?
        package var averagePoolCountsPadding: Bool?
        package var lastBlockPool: InceptionV3.LastBlockPool?
        package init() {}
    }

    /// What `model.json` says beyond the network; nil for a default, of which a note is made where it matters.
    package struct Description: Sendable {
        package var name: String?
        package var version: String?
        package var labels: [String]?
        package var sequences: [MRSequence]?
        package var size: [Int]?
        package var spacing: [Double]?
        package var threshold: Double?
        package var gradCAMLayer: String?
        package var intendedUse: String?
        package init() {}
    }

    /// The model, and what a person should know of how it came about.
    package struct Outcome: Sendable {
        package let model: ModelFolder
        package let sourceSHA256: String
        package let conversion: CheckpointConversion.Result
        package let prefix: String
        package let notes: [String]
    }

    package var family: Family?
    package var settings = Settings()
    package var description = Description()
    package var conversion = CheckpointConversion()
    package var prefix: String?

    package init() {}

    /// Reads a checkpoint.
    ///
    /// - Parameter path: a safetensors file.
    /// - Returns: the model, in memory, and what was done.
    /// - Throws: `SafetensorsError`, `CheckpointError`, `NeuralNetworkError`, `ClassifierError`.
    package func read(path: String) throws -> Outcome {
        let file = try SafetensorsFile.map(path: path)
        let digest = Digest()
        file.withUnsafeBytes { digest.update($0) }
        let sourceSHA256 = Digest.hexadecimal(digest.finish())

        let checkpoint = try Checkpoint(
            entries: file.entries.map { (name: $0.name, shape: $0.shape) }, prefix: prefix)
        let found = try architecture(of: checkpoint)
        let result = try conversion.convert(checkpoint, to: found, from: RoundedCheckpoint(file: file))
        var notes: [String] = []
        let doubles = file.doubleNames
        if let first = doubles.first {
            notes.append(
                "\(doubles.count) tensors are float64 (F64), such as \(first); their numbers are rounded to float32")
        }
        let fileName = path.split(separator: "/").last.map(String.init) ?? path
        let training = provenance(of: result, checkpoint, file: fileName, sha256: sourceSHA256)
        let described = describe(result, fileName: fileName, training: training, notes: &notes)
        if case .resnet3D = found, settings.stemStride == nil, family != .medicalNet {
            notes.append(
                "the stem's stride is taken to be 2,2,2, as MedicalNet's; MONAI's default is --stem-stride 1,1,1")
        }
        if !checkpoint.hasHead, family == nil, case .resnet3D = found, settings.dilation == nil {
            notes.append(
                "a 3D ResNet without a head may be MedicalNet's, which dilates its last stages; "
                    + "--architecture medicalnet-resnet18 does so, too")
        }
        return Outcome(
            model: try ModelFolder(description: described, parameters: result.parameters), sourceSHA256: sourceSHA256,
            conversion: result, prefix: checkpoint.prefix, notes: notes)
    }

    // MARK: - The network

    /// The network that the tensors show, with what was said of it.
    private func architecture(of checkpoint: Checkpoint) throws -> Architecture {
        let found = try Architecture.detect(in: checkpoint.shapes)
        switch found {
        case .resnet3D(var network):
            let isWanted: Bool =
                switch family {
                case nil, .resnet3D: true
                case .resnet3D6: network.depth == 6
                case .resnet3D18, .medicalNet: network.depth == 18
                case .inceptionV3, .inceptionV32015: false
                }
            guard isWanted else { throw otherNetwork("a 3D ResNet of depth \(network.depth)") }
            try refuse(
                [
                    ("--transform-input", settings.transformInput != nil),
                    ("--average-pool-excludes-padding", settings.averagePoolCountsPadding != nil),
                    ("--last-block-pool", settings.lastBlockPool != nil),
                ], of: "Inception-v3")
            if family == .medicalNet { network.dilation = [1, 1, 2, 4] }
            network.stemStride = settings.stemStride ?? network.stemStride
            network.maxPool = settings.maxPool ?? network.maxPool
            network.dilation = settings.dilation ?? network.dilation
            return .resnet3D(network)
        case .inceptionV3(var network):
            guard [nil, .inceptionV3, .inceptionV32015].contains(family) else { throw otherNetwork("Inception-v3") }
            try refuse(
                [
                    ("--stem-stride", settings.stemStride != nil), ("--no-max-pool", settings.maxPool != nil),
                    ("--dilation", settings.dilation != nil),
                ], of: "a 3D ResNet")
            if family == .inceptionV32015 {
                network.averagePoolCountsPadding = false
                network.lastBlockPool = .maximum
            }
            network.transformInput = settings.transformInput ?? network.transformInput
            network.averagePoolCountsPadding = settings.averagePoolCountsPadding ?? network.averagePoolCountsPadding
            network.lastBlockPool = settings.lastBlockPool ?? network.lastBlockPool
            return .inceptionV3(network)
        }
    }

    private func otherNetwork(_ found: String) -> CheckpointError {
        .otherNetwork(asked: family?.rawValue ?? "", found: found)
    }

    private func refuse(_ options: [(name: String, isGiven: Bool)], of other: String) throws(CheckpointError) {
        for option in options where option.isGiven {
            throw .unsupportedForm("\(option.name) is a setting of \(other), which the checkpoint is not")
        }
    }

    // MARK: - Its description

    private func describe(
        _ result: CheckpointConversion.Result, fileName: String, training: JSONValue, notes: inout [String]
    ) -> ModelDescription {
        let architecture = result.architecture
        let labels = description.labels ?? (0..<max(2, architecture.classes)).map { "class-\($0)" }
        if description.labels == nil {
            notes.append("labels are class-0 and so on, which no service asks for; --labels names them")
        }
        let role = ClassifierRole(labels: labels)
        let is3D = architecture.spatialRank == 3
        var input =
            role?.defaultInput
            ?? (is3D ? ClassifierRole.lungVersusNonLung : .nodeStatus).defaultInput
        let fits = input.size.count == architecture.spatialRank
        if !fits { input = (is3D ? ClassifierRole.lungVersusNonLung : .nodeStatus).defaultInput }
        if let sequences = description.sequences {
            input.sequences = sequences
        } else if is3D || architecture.inputChannels != InceptionV3.inputChannels,
            input.sequences.count != architecture.inputChannels || role == nil
        {
            input.sequences = Array(MRSequence.allCases.prefix(architecture.inputChannels))
            notes.append(
                "sequences are taken to be \(input.sequences.map(\.rawValue).joined(separator: ",")); "
                    + "--sequences says which they are")
        }
        input.size = description.size ?? input.size
        input.spacing = description.spacing ?? input.spacing
        let stem = fileName.hasSuffix(".safetensors") ? String(fileName.dropLast(12)) : fileName
        return ModelDescription(
            name: description.name ?? stem, version: description.version ?? "1.0.0", architecture: architecture,
            input: input, labels: labels, threshold: description.threshold ?? 0.5,
            gradCAM: .init(layer: description.gradCAMLayer ?? architecture.defaultGradCAMLayer), training: training,
            intendedUse: description.intendedUse ?? intendedUse(of: result))
    }

    private func intendedUse(of result: CheckpointConversion.Result) -> String {
        let isUntrained = conversion.replacedHeadClasses != nil || !result.seeded.isEmpty
        return (isUntrained ? "UNTRAINED: holds seeded random weights, see training. " : "Imported weights. ")
            + "Research use only. Not for diagnosis."
    }

    /// The member `training` of `model.json`.
    private func provenance(
        of result: CheckpointConversion.Result, _ checkpoint: Checkpoint, file: String, sha256: String
    ) -> JSONValue {
        func strings(_ values: [String]) -> JSONValue { .array(values.map(JSONValue.string)) }
        let seed = Int64(exactly: conversion.seed).map(JSONValue.int) ?? .string("\(conversion.seed)")
        func whole(_ value: Int) -> JSONValue { .int(Int64(value)) }
        var members: [String: JSONValue] = [
            "importedFrom": .object(["file": .string(file), "sha256": .string(sha256)]),
            "untrained": .bool(conversion.replacedHeadClasses != nil || !result.seeded.isEmpty),
        ]
        if !checkpoint.prefix.isEmpty { members["strippedPrefix"] = .string(checkpoint.prefix) }
        if let head = checkpoint.headName, head != "fc", conversion.replacedHeadClasses == nil {
            members["renamedHead"] = .string(head)
        }
        if let classes = conversion.replacedHeadClasses {
            members["replacedHead"] = .object(["classes": whole(classes), "seed": seed])
        }
        if let original = result.originalInputChannels {
            members["inputChannels"] = .object([
                "from": whole(original), "to": whole(result.architecture.inputChannels),
                "rule": .string(result.architecture.inputChannels == 1 ? "summed" : "repeated, scaled by from/to"),
            ])
        }
        if !result.seeded.isEmpty {
            members["seededTensors"] = strings(result.seeded)
            members["seed"] = seed
        }
        let leftOut = result.leftOut.filter { !$0.hasSuffix(".num_batches_tracked") }
        if !leftOut.isEmpty { members["leftOut"] = strings(leftOut) }
        return .object(members)
    }
}

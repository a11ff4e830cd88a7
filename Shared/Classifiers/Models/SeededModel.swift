package import Contracts
internal import NeuralNetwork

/// Untrained models: they show that everything works, and know nothing. Each says so in its name, its provenance and
/// its intended use.
package enum SeededModel {
    package static let intendedUse = "UNTRAINED: seeded random weights. Research use only. Not for diagnosis."

    /// A model with seeded random weights; the same seed gives the same weights.
    ///
    /// - Parameters:
    ///   - description: its name, provenance and intended use are replaced.
    ///   - seed: of the weights.
    /// - Returns: the model, in memory.
    /// - Throws: `ClassifierError.modelDamaged` for a description that contradicts itself.
    package static func make(_ description: ModelDescription, seed: UInt64 = 1) throws(ClassifierError) -> ModelFolder {
        var description = description
        if !description.name.hasSuffix("-untrained") { description.name += "-untrained" }
        description.training = .object(["untrained": .bool(true), "seed": .number(Double(seed))])
        description.intendedUse = intendedUse
        let parameters: ParameterSet
        do {
            parameters = try SeededParameters.make(for: try description.architecture.graph(), seed: seed)
        } catch {
            throw .modelDamaged(path: description.name, reason: "\(error)")
        }
        return try ModelFolder(description: description, parameters: parameters)
    }

    /// The small model that stands in for a role where no models are given.
    package static func makeDefault(_ role: ClassifierRole) throws(ClassifierError) -> ModelFolder {
        // A seed for each role: otherwise two networks of one shape would be one network.
        try make(defaultDescription(role), seed: UInt64(ClassifierRole.allCases.firstIndex(of: role) ?? 0) + 1)
    }

    /// What the default model of a role is.
    package static func defaultDescription(_ role: ClassifierRole) -> ModelDescription {
        let input = role.defaultInput
        let architecture: Architecture
        let layer: String
        if role == .nodeStatus {
            var network = InceptionV3(classes: 1)
            network.widthMultiplier = 0.25
            architecture = .inceptionV3(network)
            layer = "Mixed_6e"
        } else {
            var network = ResNet3D(depth: 18, inputChannels: input.sequences.count, classes: 2)
            network.widthMultiplier = 0.25
            architecture = .resnet3D(network)
            layer = "layer2"
        }
        return ModelDescription(
            name: "\(role.rawValue)-untrained", version: "0.0.0", architecture: architecture, input: input,
            labels: role.orderedLabels, gradCAM: .init(layer: layer),
            training: .object(["untrained": .bool(true), "seed": .number(1)]), intendedUse: intendedUse)
    }
}

extension ClassifierRole {
    /// The labels in the order that default models have them: the second is the one that the threshold is for.
    package var orderedLabels: [String] {
        switch self {
        case .lungVersusNonLung: ["non-lung", "lung"]
        case .sclcVersusNSCLC: ["nsclc", "sclc"]
        case .bcVersusGIC: ["gic", "bc"]
        case .nodeStatus: ["negative", "positive"]
        }
    }
}

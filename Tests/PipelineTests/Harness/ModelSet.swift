import Classifiers
import Contracts
import Foundation
import NeuralNetwork
import Synchronization
import Tensors

/// What lies in the folder of models.
enum ModelSet: Sendable {
    /// Nothing, not even the folder.
    case absent
    /// A folder without models.
    case empty
    /// Networks so small that the stages are what works.
    case tiny
    /// The same, who want their volumes prepared otherwise.
    case preparing(ModelNormalization, interpolation: String?)
    /// The tiny ones, that of lymph nodes with a mean image.
    case subtracting(Tensor)

    func write(to folder: String) throws {
        switch self {
        case .absent: break
        case .empty: try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        case .tiny:
            for role in ClassifierRole.allCases { try Self.tinyModel(role).write(to: "\(folder)/\(role.rawValue)") }
        case .preparing(let normalization, let interpolation):
            for role in ClassifierRole.allCases {
                var description = Self.tinyDescription(role)
                description.input.normalization = normalization
                description.input.interpolation = interpolation
                try SeededModel.make(description, seed: 1).write(to: "\(folder)/\(role.rawValue)")
            }
        case .subtracting(let mean):
            try Self.tiny.write(to: folder)
            let description = Self.tinyDescription(.nodeStatus)
            let parameters = try SeededParameters.make(for: try description.architecture.graph(), seed: 1)
            try ModelFolder(description: description, parameters: parameters, meanImage: mean)
                .write(to: "\(folder)/\(ClassifierRole.nodeStatus.rawValue)")
        }
    }

    /// Samples along each axis of a brain patch, and their distance in mm.
    static let patchSize = 16
    static let patchSpacing = 4.0
    /// Pixels along each side of a cut-out.
    static let cutOutSize = 75

    private static let cache = Mutex<[ClassifierRole: ModelFolder]>([:])

    private static func tinyDescription(_ role: ClassifierRole) -> ModelDescription {
        var description = SeededModel.defaultDescription(role)
        switch description.architecture {
        case .resnet3D(var network):
            network.depth = 6
            network.widthMultiplier = 1.0 / 16
            description.architecture = .resnet3D(network)
            description.gradCAM = .init(layer: "layer1")
            description.input.size = Array(repeating: patchSize, count: 3)
            description.input.spacing = Array(repeating: patchSpacing, count: 3)
        case .inceptionV3(var network):
            network.widthMultiplier = 1.0 / 16
            description.architecture = .inceptionV3(network)
            description.input.size = [cutOutSize, cutOutSize]
        }
        return description
    }

    private static func tinyModel(_ role: ClassifierRole) throws -> ModelFolder {
        try cache.withLock { cache in
            if let known = cache[role] { return known }
            let description = tinyDescription(role)
            // A seed for each role: otherwise two networks of one shape would be one network.
            let seed = UInt64(ClassifierRole.allCases.firstIndex(of: role) ?? 0) + 1
            let model = try SeededModel.make(description, seed: seed)
            cache[role] = model
            return model
        }
    }
}

internal import Classifiers
internal import Digests
internal import NeuralNetwork
internal import Tensors

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Where a network begins: seeded random weights, or those of a checkpoint with a new last layer.
struct StartingWeights {
    let parameters: ParameterSet
    /// Of the checkpoint's file; nil for random weights.
    let sha256: String?
    /// Parameters that the checkpoint lacks, and that were drawn: at least the last layer's.
    let drawn: [String]

    /// - Parameters:
    ///   - recipe: names the network, the seed and the checkpoint.
    ///   - checkpoint: the checkpoint's path: a safetensors file or a model folder; nil for none.
    /// - Throws: `LearningError.file` where it cannot be read, `invalid` where it is of another network.
    init(_ recipe: Recipe, checkpoint: String?) throws(LearningError) {
        do {
            let graph = try recipe.trainingGraph()
            var parameters = try ParameterInitialization(for: recipe.architecture).make(
                for: graph, seed: recipe.training.seed)
            guard let checkpoint else {
                self.init(parameters: parameters, sha256: nil, drawn: [])
                return
            }
            let isFolder = FileManager.default.fileExists(atPath: checkpoint + "/" + ModelFolder.weightsFile)
            let file = try SafetensorsFile.map(path: isFolder ? checkpoint + "/" + ModelFolder.weightsFile : checkpoint)
            let found = try Checkpoint(entries: file.entries.map { (name: $0.name, shape: $0.shape) }, prefix: nil)
            var conversion = CheckpointConversion()
            conversion.seedsMissing = true
            conversion.seed = recipe.training.seed
            var original = recipe.architecture
            if let stem = found.shapes["Conv2d_1a_3x3.conv.weight"] ?? found.shapes["conv1.weight"], stem.count > 1 {
                original.inputChannels = stem[1]
            }
            if original.inputChannels != recipe.architecture.inputChannels {
                conversion.inputChannels = recipe.architecture.inputChannels
            }
            let keepsHead = recipe.start.keepsHead && found.hasHead
            if !keepsHead { conversion.replacedHeadClasses = recipe.architecture.classes }
            let result = try conversion.convert(found, to: original, from: file)
            var drawn = Set(result.seeded)
            if !keepsHead { drawn.formUnion(["fc.weight", "fc.bias"]) }
            for (name, tensor) in result.parameters.tensors where !drawn.contains(name) {
                parameters.tensors[name] = tensor
            }
            let digest = Digest()
            file.withUnsafeBytes { digest.update($0) }
            self.init(parameters: parameters, sha256: Digest.hexadecimal(digest.finish()), drawn: drawn.sorted())
        } catch let error as SafetensorsError {
            throw .file("start.checkpoint: \(error)")
        } catch {
            throw .invalid(checkpoint == nil ? "network: \(error)" : "start.checkpoint: \(error)")
        }
    }

    private init(parameters: ParameterSet, sha256: String?, drawn: [String]) {
        self.parameters = parameters
        self.sha256 = sha256
        self.drawn = drawn
    }
}

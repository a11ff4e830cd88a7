package import Contracts
internal import Digests
internal import FoundationEssentials
internal import Glibc
package import NeuralNetwork
package import Tensors

/// A model: its description (`model.json`) and its parameters (`weights.safetensors`, memory-mapped), checked against
/// each other.
package struct ModelFolder: Sendable {
    package static let descriptionFile = "model.json"
    package static let weightsFile = "weights.safetensors"
    package static let meanImageFile = "mean.safetensors"

    /// Where it lies; nil for a model made in memory.
    package let path: String?
    package let description: ModelDescription
    /// Of `weights.safetensors`, in lower-case hexadecimal.
    package let weightsSHA256: String
    package let graph: NetworkGraph
    package let parameters: any ParameterSource & Sendable
    /// How far an input lies from the training; nil for a model without.
    package let detector: OutOfDistributionDetector?
    /// Subtracted from each input, float32 [1 or channels, rows, columns]; nil for a model without.
    package let meanImage: Tensor?

    /// Loads and checks a model folder.
    ///
    /// - Parameters:
    ///   - path: the folder.
    ///   - ignoresTrust: whether calibration and trust are left aside, such as to fit them anew.
    /// - Returns: the model, its weights mapped.
    /// - Throws: `ClassifierError.modelMissing` when the folder or one of its files is not there, `modelDamaged` for
    ///   everything else, naming every contradiction and every missing, unexpected or misshapen tensor.
    package static func load(path: String, ignoresTrust: Bool = false) throws(ClassifierError) -> ModelFolder {
        var description = try loadDescription(path: path)
        if ignoresTrust {
            description.trust = nil
            description.calibration = nil
        }
        let weights = try loadWeights(path: path, of: &description.architecture)
        return ModelFolder(
            path: path, description: description, weightsSHA256: weights.sha256, graph: weights.graph,
            parameters: weights.file,
            detector: try description.loadDetector(
                beside: path, weightsSHA256: weights.sha256, features: weights.graph.featureCount),
            meanImage: try description.loadMeanImage(beside: path))
    }

    /// Maps a folder's weights and checks them against an architecture, which is completed by what they show.
    ///
    /// - Throws: `ClassifierError.modelMissing`, `modelDamaged`.
    static func loadWeights(
        path: String, of architecture: inout Architecture
    ) throws(ClassifierError) -> (file: SafetensorsFile, graph: NetworkGraph, sha256: String) {
        let weights = path + "/" + weightsFile
        guard access(weights, R_OK) == 0 else {
            throw .modelMissing(
                "model folder \(path) has no readable \(weightsFile); put the weights beside model.json")
        }
        do {
            let file = try SafetensorsFile.map(path: weights)
            architecture = architecture.completed(byNames: file.names)
            let graph = try architecture.graph()
            let problems = graph.problems(in: file)
            guard problems.isEmpty else { throw NeuralNetworkError.parametersMismatch(problems) }
            // Of the very bytes that are mapped: the file behind the name may be another by now.
            let digest = Digest()
            file.withUnsafeBytes { digest.update($0) }
            return (file, graph, Digest.hexadecimal(digest.finish()))
        } catch {
            throw .modelDamaged(path: path, reason: "\(weightsFile): \(error)")
        }
    }

    /// A model whose parameters are in memory.
    ///
    /// - Parameters:
    ///   - description: without `trust`, whose figures belong to weights that lie in a file.
    ///   - parameters: by name.
    ///   - meanImage: float32 [1 or channels, rows, columns]; the description will name its file.
    /// - Throws: `ClassifierError.modelDamaged` for a description that contradicts itself or other parameters.
    package init(
        description: ModelDescription, parameters: ParameterSet, meanImage: Tensor? = nil
    ) throws(ClassifierError) {
        var description = description
        let name = "\(description.name) (in memory)"
        do {
            description.input.normalization.meanImage = try meanImage.map {
                ModelMeanImage(file: Self.meanImageFile, sha256: try Self.digest([(name: "mean", tensor: $0)]))
            }
        } catch {
            throw .modelDamaged(path: name, reason: "mean image: \(error)")
        }
        let contradictions =
            description.contradictions + description.problems(ofMeanImage: meanImage)
            + (description.trust == nil ? [] : ["trust is written into a folder whose weights are there"])
        guard contradictions.isEmpty else {
            throw .modelDamaged(path: name, reason: contradictions.joined(separator: "; "))
        }
        do {
            let graph = try description.architecture.graph()
            let problems = graph.problems(in: parameters)
            guard problems.isEmpty else { throw NeuralNetworkError.parametersMismatch(problems) }
            self.init(
                path: nil, description: description, weightsSHA256: try Self.digest(Self.sorted(parameters)),
                graph: graph, parameters: parameters, detector: nil, meanImage: meanImage)
        } catch {
            throw .modelDamaged(path: name, reason: "\(error)")
        }
    }

    private init(
        path: String?, description: ModelDescription, weightsSHA256: String, graph: NetworkGraph,
        parameters: any ParameterSource & Sendable, detector: OutOfDistributionDetector?, meanImage: Tensor?
    ) {
        self.path = path
        self.description = description
        self.weightsSHA256 = weightsSHA256
        self.graph = graph
        self.parameters = parameters
        self.detector = detector
        self.meanImage = meanImage
    }

    /// Of the file that these tensors would be.
    private static func digest(_ tensors: [(name: String, tensor: Tensor)]) throws -> String {
        let pieces = try Safetensors.pieces(tensors)
        let digest = Digest()
        digest.update(pieces.header)
        for payload in pieces.payloads { payload.withUnsafeBytes { digest.update($0) } }
        return Digest.hexadecimal(digest.finish())
    }

    /// Writes the model as a folder. The weights come first, so that a reader never sees a description without them.
    ///
    /// - Parameter path: the folder; made if it is not there.
    /// - Throws: what the file system says, and `SafetensorsError`.
    package func write(to path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        var set = ParameterSet()
        for name in graph.parameters.map(\.name) { set.tensors[name] = try parameters.parameter(named: name) }
        try SafetensorsFile.write(Self.sorted(set), to: path + "/" + Self.weightsFile)
        if let detector, let outside = description.trust?.outOfDistribution {
            _ = try detector.write(to: path + "/" + outside.file)
        }
        if let meanImage, let image = description.input.normalization.meanImage {
            try SafetensorsFile.write([(name: "mean", tensor: meanImage)], to: path + "/" + image.file)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(description).write(
            to: URL(filePath: path + "/" + Self.descriptionFile), options: .atomic)
    }

    /// Names in alphabetical order: the same parameters are always the same file.
    private static func sorted(_ set: ParameterSet) -> [(name: String, tensor: Tensor)] {
        set.tensors.sorted { $0.key < $1.key }.map { (name: $0.key, tensor: $0.value) }
    }

    /// Reads and checks `model.json` alone.
    ///
    /// - Throws: `ClassifierError.modelMissing`, `modelDamaged`.
    package static func loadDescription(path: String) throws(ClassifierError) -> ModelDescription {
        let file = path + "/" + descriptionFile
        guard access(file, R_OK) == 0 else {
            throw .modelMissing("no readable \(descriptionFile) in \(path); give a model folder")
        }
        let description: ModelDescription
        do {
            let data = try Data(contentsOf: URL(filePath: file))
            description = try JSONDecoder().decode(ModelDescription.self, from: data)
        } catch let error as DecodingError {
            throw .modelDamaged(path: path, reason: "\(descriptionFile): \(Self.explain(error))")
        } catch {
            throw .modelDamaged(path: path, reason: "\(descriptionFile) cannot be read: \(error)")
        }
        let contradictions = description.contradictions
        guard contradictions.isEmpty else {
            throw .modelDamaged(path: path, reason: "\(descriptionFile): \(contradictions.joined(separator: "; "))")
        }
        return description
    }

    /// A decoding error in a sentence: where, and what.
    static func explain(_ error: DecodingError) -> String {
        func place(_ path: [any CodingKey]) -> String {
            path.isEmpty
                ? "the whole" : path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context): return "missing \(place(context.codingPath + [key]))"
        case .valueNotFound(_, let context): return "\(place(context.codingPath)) is null"
        case .typeMismatch(let type, let context): return "\(place(context.codingPath)) is not of type \(type)"
        case .dataCorrupted(let context): return "\(place(context.codingPath)): \(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }
}

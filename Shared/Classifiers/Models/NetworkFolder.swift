internal import FoundationEssentials
internal import Glibc
package import NeuralNetwork

/// A model folder looked at as a network alone: for research, where what the network is fed and what its answers mean is
/// the reader's own business. Of `model.json` only `architecture` has to be there; what cannot be used of the rest is
/// left aside. Services take a ``ModelFolder``, which has to be whole.
package struct NetworkFolder: Sendable {
    package let path: String
    package let architecture: Architecture
    package let graph: NetworkGraph
    /// In the order of the network's outputs; of one output, [negative, positive]; empty where none are given.
    package let labels: [String]
    /// Extents of the described input, slowest axis first; nil where the description gives none that fits.
    package let extents: [Int]?
    package let calibration: Calibration
    /// The layer that Grad-CAM looks at where no other is named.
    package let gradCAMLayer: String
    /// Nil where only the description was read.
    package let weights: Weights?

    /// The parameters, mapped.
    package struct Weights: Sendable {
        package let parameters: any ParameterSource & Sendable
        /// Of the file, in lower-case hexadecimal.
        package let sha256: String
    }

    /// What is read of `model.json`.
    private struct Description: Decodable {
        struct Input: Decodable { var size: [Int]? }

        var architecture: Architecture
        var labels: [String]?
        var input: Input?
        var calibration: Calibration?
        var gradCAM: ModelDescription.GradCAMSettings?

        private enum CodingKeys: String, CodingKey { case schema, architecture, labels, input, calibration, gradCAM }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            if let schema = try? container.decodeIfPresent(String.self, forKey: .schema),
                schema != ModelDescription.currentSchema
            {
                throw DecodingError.dataCorruptedError(
                    forKey: .schema, in: container,
                    debugDescription: "expected \(ModelDescription.currentSchema), got \(schema)")
            }
            architecture = try container.decode(Architecture.self, forKey: .architecture)
            labels = try? container.decodeIfPresent([String].self, forKey: .labels)
            input = try? container.decodeIfPresent(Input.self, forKey: .input)
            calibration = try container.decodeIfPresent(Calibration.self, forKey: .calibration)
            gradCAM = try? container.decodeIfPresent(ModelDescription.GradCAMSettings.self, forKey: .gradCAM)
        }
    }

    /// Loads a folder.
    ///
    /// - Parameters:
    ///   - path: the folder.
    ///   - needsWeights: whether `weights.safetensors` has to be there. Where it is, it is checked in any case.
    /// - Returns: the network, its weights mapped.
    /// - Throws: `ClassifierError.modelMissing`, `modelDamaged` naming every missing, unexpected or misshapen tensor.
    package static func load(path: String, needsWeights: Bool = true) throws(ClassifierError) -> NetworkFolder {
        let file = path + "/" + ModelFolder.descriptionFile
        guard access(file, R_OK) == 0 else {
            throw .modelMissing("no readable \(ModelFolder.descriptionFile) in \(path); give a model folder")
        }
        do {
            let data = try Data(contentsOf: URL(filePath: file))
            let description = try JSONDecoder().decode(Description.self, from: data)
            var architecture = description.architecture
            let hasWeights = access(path + "/" + ModelFolder.weightsFile, F_OK) == 0
            guard hasWeights || needsWeights else {
                return NetworkFolder(
                    path: path, description, architecture, graph: try architecture.graph(), weights: nil)
            }
            let loaded = try ModelFolder.loadWeights(path: path, of: &architecture)
            return NetworkFolder(
                path: path, description, architecture, graph: loaded.graph,
                weights: Weights(parameters: loaded.file, sha256: loaded.sha256))
        } catch let error as ClassifierError {
            throw error
        } catch let error as DecodingError {
            throw .modelDamaged(path: path, reason: "\(ModelFolder.descriptionFile): \(ModelFolder.explain(error))")
        } catch {
            throw .modelDamaged(path: path, reason: "\(error)")
        }
    }

    private init(
        path: String, _ description: Description, _ architecture: Architecture, graph: NetworkGraph, weights: Weights?
    ) {
        self.path = path
        self.architecture = architecture
        self.graph = graph
        self.weights = weights
        let labels = description.labels ?? []
        self.labels = labels.count == max(2, architecture.classes) ? labels : []
        let size = description.input?.size ?? []
        extents =
            size.count == architecture.spatialRank && size.allSatisfy { (1...4096).contains($0) }
            ? size.reversed() : nil
        calibration = description.calibration ?? .none
        let layer = description.gradCAM?.layer
        gradCAMLayer = layer.flatMap { graph.taps[$0] == nil ? nil : $0 } ?? architecture.defaultGradCAMLayer
    }

    /// What Grad-CAM explains when asked for a class: the weight of each of the network's outputs in the score.
    ///
    /// - Parameter name: a label, or the index of one of the network's outputs. Of a network of one output, the first
    ///   label is what speaks against that output, and 1 is the second label.
    /// - Returns: one number for each output.
    /// - Throws: `ClassifierError.unknownClass`.
    package func score(ofClass name: String) throws(ClassifierError) -> [Float] {
        let classes = architecture.classes
        var row = [Float](repeating: 0, count: classes)
        if let label = labels.firstIndex(where: { $0.lowercased() == name.lowercased() }) {
            if classes == 1 { row[0] = label == 1 ? 1 : -1 } else { row[label] = 1 }
            return row
        }
        guard let index = Int(name), (0..<max(classes, classes == 1 ? 2 : 1)).contains(index) else {
            throw .unknownClass(
                model: path, asked: name, labels: (labels.isEmpty ? [] : labels) + (0..<classes).map(String.init))
        }
        row[min(index, classes - 1)] = 1
        return row
    }

    /// Probabilities of one item's logits, as many: the sigmoid of a single one, else the softmax; calibrated where the
    /// description says how.
    package func probabilities(logits: [Float]) -> [Float] {
        let probabilities = calibration.probabilities(logits: logits)
        return logits.count == 1 ? [probabilities[1]] : probabilities
    }
}

package import Contracts
package import NeuralNetwork

/// What `model.json` says of a model.
package struct ModelDescription: Codable, Sendable, Equatable {
    package struct GradCAMSettings: Codable, Sendable, Equatable {
        package var layer: String
        package init(layer: String) { self.layer = layer }
    }

    package static let currentSchema = "oncorelay.model/1"

    package var schema = Self.currentSchema
    package var name: String
    package var version: String
    package var architecture: Architecture
    /// What the network is fed. Its sequences are the network's channels in their order; a 2D network for colour images
    /// may take one sequence, which fills all its channels.
    package var input: ModelInput
    /// Of a network with one output: [negative, positive]. Otherwise in the order of the network's outputs.
    package var labels: [String]
    /// The second label is given where its probability is at least this.
    package var threshold: Double
    package var calibration: Calibration?
    /// Label sets, the distance from the training, and when to say nothing; nil for a model without.
    package var trust: TrustDescription?
    package var gradCAM: GradCAMSettings?
    /// Figures and provenance; `{"untrained": true}` for seeded weights.
    package var training: JSONValue?
    package var intendedUse: String

    package init(
        name: String, version: String, architecture: Architecture, input: ModelInput, labels: [String],
        threshold: Double = 0.5, calibration: Calibration? = nil, gradCAM: GradCAMSettings? = nil,
        training: JSONValue? = nil, intendedUse: String, trust: TrustDescription? = nil
    ) {
        self.name = name
        self.version = version
        self.architecture = architecture
        self.input = input
        self.labels = labels
        self.threshold = threshold
        self.calibration = calibration
        self.gradCAM = gradCAM
        self.training = training
        self.intendedUse = intendedUse
        self.trust = trust
    }

    /// Extents of the network's input, slowest axis first: the size is written x, y, z, and a tensor's axes are z, y, x.
    package var extents: [Int] { input.size.reversed() }

    /// The layer that Grad-CAM looks at: the model's own choice, or one whose grid is fine enough to show something.
    package var gradCAMLayer: String {
        gradCAM?.layer ?? architecture.defaultGradCAMLayer
    }

    /// Every way in which the description contradicts itself; empty for a usable one.
    package var contradictions: [String] {
        var problems: [String] = []
        if schema != Self.currentSchema {
            return ["schema: expected \(Self.currentSchema), got \(schema); this program does not know that form"]
        }
        if name.isEmpty { problems.append("name is empty") }
        if version.isEmpty { problems.append("version is empty") }
        if intendedUse.isEmpty { problems.append("intendedUse is empty; say what the model may be used for") }
        if !(0...1).contains(threshold) { problems.append("threshold: expected 0 to 1, got \(threshold)") }
        problems += labelProblems + inputProblems + (trust?.contradictions(labels: labels) ?? [])
        do {
            let graph = try architecture.graph()
            if input.size.count == architecture.spatialRank, input.size.allSatisfy({ $0 > 0 }) {
                _ = try graph.shapes(of: Extent(extents))
            }
            if graph.taps[gradCAMLayer] == nil {
                problems.append(
                    "gradCAM.layer: the network has no \(gradCAMLayer); it has "
                        + graph.tapNames.joined(separator: ", "))
            }
        } catch {
            problems.append("\(error)")
        }
        return problems
    }

    private var labelProblems: [String] {
        var problems: [String] = []
        let expected = max(2, architecture.classes)
        if labels.count != expected {
            problems.append(
                "labels: a network of \(architecture.classes) outputs has \(expected) labels, got \(labels.count)")
        }
        if Set(labels.map { $0.lowercased() }).count != labels.count || labels.contains("") {
            problems.append("labels must be different words, got \(labels)")
        }
        if case .platt = calibration, architecture.classes > 2 {
            problems.append("calibration: platt is for two classes, the network has \(architecture.classes)")
        }
        return problems
    }

    private var inputProblems: [String] {
        var problems: [String] = []
        let rank = architecture.spatialRank
        let channels = architecture.inputChannels
        let isRepeatedGray = input.sequences.count == 1 && channels == InceptionV3.inputChannels && rank == 2
        if input.sequences.count != channels, !isRepeatedGray {
            problems.append(
                "input.sequences: the network has \(channels) input channels, got \(input.sequences.count) sequences")
        }
        if Set(input.sequences).count != input.sequences.count {
            problems.append("input.sequences: a sequence is named twice in \(input.sequences.map(\.rawValue))")
        }
        if input.size.count != rank || input.size.contains(where: { !(1...4096).contains($0) }) {
            problems.append("input.size: expected \(rank) numbers of 1 to 4096, got \(input.size)")
        }
        if input.spacing.count != rank || input.spacing.contains(where: { !($0 > 0 && $0.isFinite) }) {
            problems.append("input.spacing: expected \(rank) numbers above 0 (mm), got \(input.spacing)")
        }
        if let image = input.normalization.meanImage {
            if rank != 2 { problems.append("input.normalization.meanImage: only cut-outs have a mean image") }
            if image.file.isEmpty || image.file.contains("/") {
                problems.append("input.normalization.meanImage.file: expected a name in the folder, got \(image.file)")
            }
        }
        return problems
    }
}

extension Architecture {
    /// A layer whose grid is fine enough to show something.
    package var defaultGradCAMLayer: String {
        switch self {
        case .resnet3D: "layer2"
        case .inceptionV3: "Mixed_6e"
        }
    }
}

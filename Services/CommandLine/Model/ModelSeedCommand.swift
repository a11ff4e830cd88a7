import ArgumentParser
import Classifiers
import Contracts
import NeuralNetwork

/// `oncorelay model seed OUT`
struct ModelSeedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed",
        abstract: "Write model folders with seeded, untrained weights: to try the pipeline, or to measure it.",
        discussion: """
            Writes one folder for each question: OUT/lung-vs-non-lung, OUT/sclc-vs-nsclc, OUT/bc-vs-gic and \
            OUT/node-status. Their answers mean nothing, and every result says so.

            Exit codes: 0 written, 64 wrong use, 65 such a network cannot be made.
            """)

    /// How large the networks are.
    enum Size: String, ExpressibleByArgument, CaseIterable {
        /// The networks that answer where no models are configured.
        case standard
        /// Sixteen samples along each axis and a sixteenth of the width.
        case tiny
    }

    @Argument(help: ArgumentHelp("The folder to write to; it is made.", valueName: "out"), completion: .directory)
    var output: String

    @Option(help: "'standard', or 'tiny' to measure everything but the networks.")
    var size: Size = .standard

    @Option(help: "The seed of the weights.")
    var seed: UInt64 = 1

    @Option(help: "Let all brain networks look at these sequences (such as T1,T1CE) instead of their own.")
    var sequences: String?

    func run() async throws {
        let chosen = try chosenSequences()
        for (number, role) in ClassifierRole.allCases.enumerated() {
            var description = SeededModel.defaultDescription(role)
            if let chosen, role.task == .brainMetastasis { description.input.sequences = chosen }
            if size == .tiny { Self.shrink(&description, role) }
            if case .resnet3D(var network) = description.architecture {
                network.inputChannels = description.input.sequences.count
                description.architecture = .resnet3D(network)
            }
            let model = try SeededModel.make(description, seed: seed &+ UInt64(number))
            try model.write(to: "\(output)/\(role.rawValue)")
        }
        try Console.standard.json(["models": ClassifierRole.allCases.map { "\(output)/\($0.rawValue)" }])
    }

    private func chosenSequences() throws -> [MRSequence]? {
        guard let sequences else { return nil }
        return try sequences.split(separator: ",").map { word in
            guard let sequence = MRSequence(rawValue: String(word)) else {
                throw ValidationError(
                    "--sequences: expected some of \(MRSequence.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return sequence
        }
    }

    private static func shrink(_ description: inout ModelDescription, _ role: ClassifierRole) {
        switch description.architecture {
        case .resnet3D(var network):
            network.depth = 6
            network.widthMultiplier = 1.0 / 16
            description.architecture = .resnet3D(network)
            description.gradCAM = .init(layer: "layer1")
            description.input.size = [16, 16, 16]
            description.input.spacing = [4, 4, 4]
        case .inceptionV3(var network):
            network.widthMultiplier = 1.0 / 16
            description.architecture = .inceptionV3(network)
            description.input.size = [75, 75]
        }
    }
}

import ArgumentParser
import Classifiers
import NeuralNetwork
import Tensors

/// `oncorelay model run DIR --input IN --output OUT`
struct ModelRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a network on a tensor file.",
        discussion: """
            IN holds 'input', [N, C, D, H, W] or [N, C, H, W] of any batch and any extents that leave the network \
            something to look at; F32, F16 or BF16. OUT gets, in F32, 'logits' [N, classes], 'probabilities' of the \
            same shape (the sigmoid of a single logit, else the softmax; calibrated where model.json says how) and, \
            with --grad-cam, 'gradcam' [N, D, H, W] or [N, H, W]: the heat map of a class, up-sampled to the input \
            and scaled to [0, 1] for each item. With --features it gets 'features' [N, F], too: what the last layer sees, \
            from which 'oncorelay model calibrate' measures how far an input lies from the training.

            Computes in fp32 unless told otherwise: research wants the reference's numbers. Services take 'auto'. \
            Heat maps in fp32 are computed without the transforms that services take where they are faster: these \
            round more, and where a rectification's input is next to zero, rounding decides.

            Of model.json only 'architecture' is needed. Prints what was computed as JSON.

            Exit codes: 0 written, 64 wrong use, 65 model or input cannot be used (the message says why), 66 a file \
            cannot be read or written.
            """)

    @Argument(help: ArgumentHelp("The model folder.", valueName: "dir"), completion: .directory)
    var folder: String

    @Option(
        help: ArgumentHelp("Safetensors file with 'input'.", valueName: "in.safetensors"),
        completion: .file(extensions: ["safetensors"]))
    var input: String

    @Option(help: ArgumentHelp("Safetensors file to write.", valueName: "out.safetensors"))
    var output: String

    @Option(help: ArgumentHelp("Also a heat map of this class: a label, or an output's index.", valueName: "class"))
    var gradCam: String?

    @Option(help: ArgumentHelp("The layer that it looks at (default: model.json's).", valueName: "name"))
    var layer: String?

    @Flag(help: "Also the features before the last layer.")
    var features = false

    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        guard layer == nil || gradCam != nil else { throw ValidationError("--layer needs --grad-cam CLASS") }
    }

    /// What is printed.
    private struct Report: Encodable {
        let output: String
        let items: Int
        let backend: String
        let precision: String
        let weightsSHA256: String
        let gradCAMLayer: String?
    }

    func run() async throws {
        let folder = try NetworkFolder.load(path: folder)
        guard let weights = folder.weights else { return }
        let score = try gradCam.map { try folder.score(ofClass: $0) }
        let layer = layer ?? folder.gradCAMLayer
        guard score == nil || folder.graph.taps[layer] != nil else {
            throw NeuralNetworkError.unknownLayer(layer, available: folder.graph.tapNames)
        }
        let (tensor, extent) = try NetworkInput.read(path: input, for: folder)
        let settings = score == nil ? compute.settings(precision: .float32) : compute.exactSettings()
        try NetworkInput.checkMemory(
            folder.graph, batch: tensor.shape[0], extent: extent, keepsActivations: score != nil,
            settings: settings)
        let plan = try ComputeOptions.plan(folder.graph, weights.parameters, settings)
        let seen = features ? try plan.observe(tensor) : nil
        var results = try Self.answers(try seen?.logits ?? plan.run(tensor), folder)
        if let seen { results.append((name: "features", tensor: seen.features)) }
        if let score {
            let seed = [[Float]](repeating: score, count: tensor.shape[0])
            results.append((name: "gradcam", tensor: try plan.gradCAM(tensor, layer: layer, seed: seed).map))
        }
        try SafetensorsFile.write(results, to: output)
        try Console.standard.json(
            Report(
                output: output, items: tensor.shape[0], backend: plan.backend.name, precision: plan.precision.rawValue,
                weightsSHA256: weights.sha256, gradCAMLayer: score == nil ? nil : layer))
    }

    /// Logits and probabilities, as they are written.
    private static func answers(
        _ logits: Tensor, _ folder: NetworkFolder
    ) throws -> [(name: String, tensor: Tensor)] {
        let classes = logits.shape[1]
        let values = logits.floats()
        var probabilities: [Float] = []
        for item in 0..<logits.shape[0] {
            let row = Array(values[item * classes..<(item + 1) * classes])
            guard row.allSatisfy(\.isFinite) else {
                throw ClassifierError.outputNotFinite(model: folder.path, item: item)
            }
            probabilities += folder.probabilities(logits: row)
        }
        return [
            (name: "logits", tensor: logits),
            (name: "probabilities", tensor: try Tensor(shape: logits.shape, floats: probabilities)),
        ]
    }
}

import ArgumentParser
import Classifiers
import Contracts
import NeuralNetwork

/// Settings of an architecture that a checkpoint's tensors do not show.
struct ArchitectureOptions: ParsableArguments {
    @Option(help: ArgumentHelp("3D ResNet: stride of the stem along D,H,W (default: 2,2,2).", valueName: "n,n,n"))
    var stemStride: NumberList?

    @Flag(help: "3D ResNet: no maximum pool behind the stem.")
    var noMaxPool = false

    @Option(help: ArgumentHelp("3D ResNet: dilation of each stage (MedicalNet: 1,1,2,4).", valueName: "n,n,n,n"))
    var dilation: NumberList?

    @Flag(help: "Inception: inputs are normalized with ImageNet's mean and deviation (torchvision's own weights).")
    var transformInput = false

    @Flag(help: "Inception: average pools do not count padding, as Keras's.")
    var averagePoolExcludesPadding = false

    @Option(help: "Inception: pool branch of the last block, 'average' or 'maximum'.")
    var lastBlockPool: InceptionV3.LastBlockPool?

    var settings: ModelImport.Settings {
        var settings = ModelImport.Settings()
        settings.stemStride = stemStride?.values
        settings.maxPool = noMaxPool ? false : nil
        settings.dilation = dilation?.values
        settings.transformInput = transformInput ? true : nil
        settings.averagePoolCountsPadding = averagePoolExcludesPadding ? false : nil
        settings.lastBlockPool = lastBlockPool
        return settings
    }
}

extension InceptionV3.LastBlockPool: ExpressibleByArgument {}

/// What `model.json` says beyond the network.
struct DescriptionOptions: ParsableArguments {
    @Option(help: "Name of the model (default: the checkpoint's).")
    var name: String?

    @Option(name: .customLong("model-version"), help: "Version of the model (default: 1.0.0).")
    var modelVersion: String?

    @Option(help: ArgumentHelp("Labels in the order of the outputs, such as non-lung,lung.", valueName: "a,b"))
    var labels: String?

    @Option(help: ArgumentHelp("Sequences in the order of the channels, such as T1CE,DWI.", valueName: "a,b"))
    var sequences: String?

    @Option(help: ArgumentHelp("Samples of the input along x,y,z.", valueName: "n,n,n"))
    var size: NumberList?

    @Option(help: ArgumentHelp("Distance of samples in mm along x,y,z.", valueName: "mm,mm,mm"))
    var spacing: String?

    @Option(help: "Probability from which on the second label is given (default: 0.5).")
    var threshold: Double?

    @Option(help: ArgumentHelp("The layer of heat maps.", valueName: "name"))
    var gradCamLayer: String?

    @Option(help: ArgumentHelp("What the model may be used for.", valueName: "text"))
    var intendedUse: String?

    var description: ModelImport.Description {
        get throws {
            var description = ModelImport.Description()
            description.name = name
            description.version = modelVersion
            description.labels = labels.map { Self.words($0) }
            description.sequences = try sequences.map { text in
                try Self.words(text).map { word in
                    guard let sequence = MRSequence(rawValue: word) else {
                        throw ValidationError(
                            "--sequences: expected some of "
                                + MRSequence.allCases.map(\.rawValue).joined(separator: ", ") + ", found \(word)")
                    }
                    return sequence
                }
            }
            description.size = size?.values
            description.spacing = try spacing.map { text in
                try Self.words(text).map { word in
                    guard let number = Double(word) else {
                        throw ValidationError("--spacing: expected numbers in mm, found \(word)")
                    }
                    return number
                }
            }
            description.threshold = threshold
            description.gradCAMLayer = gradCamLayer
            description.intendedUse = intendedUse
            return description
        }
    }

    private static func words(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { word in
            String(word.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }
}

import ArgumentParser
import Classifiers
import Contracts
import NeuralNetwork
import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `oncorelay model import CHECKPOINT --out DIR`
struct ModelImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a model folder of a checkpoint of torchvision, timm, MONAI or MedicalNet.",
        discussion: """
            CHECKPOINT is a safetensors file. Of a .pth or .pt file make one first:

              \(Self.converter)

            Depth, channels, classes, shortcuts and width are read from the tensors. Strides, dilation, pooling and \
            the input's transformation do not show in them: they are MONAI's and torchvision's defaults unless told. \
            Paths before the names (module., model., backbone., state_dict. …) are taken off, heads by other names \
            (last_linear, classifier, head) become fc, auxiliary and segmentation heads are left out.

            --input-channels changes the first convolution: to one channel by the sum over the old ones, to any other \
            number by repeating them in turn, scaled by old/new. What was done stands in model.json beneath \
            'training', with the SHA-256 of CHECKPOINT.

            Exit codes: 0 written, 64 wrong use, 65 the checkpoint cannot be used (each tensor in question is named), \
            66 a file cannot be read or written.
            """)

    /// Loads only tensors (`weights_only`), never code.
    static let converter =
        #"python3 -c "import sys,torch; from safetensors.torch import save_file; s=torch.load(sys.argv[1],"#
        + #"map_location='cpu',weights_only=True); s=s.get('state_dict',s); save_file({k:(v.float() if "#
        + #"v.is_floating_point() else v).clone().contiguous() for k,v in s.items() if torch.is_tensor(v)},"#
        + #"sys.argv[2])" IN.pth OUT.safetensors"#

    @Argument(
        help: ArgumentHelp("The checkpoint.", valueName: "checkpoint.safetensors"),
        completion: .file(extensions: ["safetensors"]))
    var checkpoint: String

    @Option(help: ArgumentHelp("The model folder to write; it is made.", valueName: "dir"), completion: .directory)
    var out: String

    @Option(help: "The network, where it is to be another than the tensors alone say, or to be made sure of.")
    var architecture: ModelImport.Family?

    @Option(help: ArgumentHelp("What stands before the network's names, where there are several.", valueName: "text"))
    var prefix: String?

    @Option(help: ArgumentHelp("A new, seeded last layer for so many classes.", valueName: "classes"))
    var replaceHead: Int?

    @Option(help: ArgumentHelp("Channels of the input.", valueName: "n"))
    var inputChannels: Int?

    @Flag(help: "Fill missing tensors with seeded values; model.json names them.")
    var seedMissing = false

    @Option(help: "The seed of new values.")
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Leave out tensors whose names begin so; may be repeated.", valueName: "text"))
    var ignore: [String] = []

    @Flag(help: "Write over a model that is there.")
    var replace = false

    @OptionGroup(title: "What tensors do not show") var structure: ArchitectureOptions

    @OptionGroup(title: "What model.json says") var description: DescriptionOptions

    func validate() throws {
        if let replaceHead, !(1...100_000).contains(replaceHead) {
            throw ValidationError("--replace-head: expected 1 to 100000 classes, found \(replaceHead)")
        }
        if let inputChannels, !(1...1024).contains(inputChannels) {
            throw ValidationError("--input-channels: expected 1 to 1024, found \(inputChannels)")
        }
    }

    /// What is printed.
    private struct Report: Encodable {
        let folder: String
        let architecture: Architecture
        let parameters: Int
        let sourceSHA256: String
        let weightsSHA256: String
        let training: JSONValue?
        let notes: [String]
    }

    func run() async throws {
        try refuseOtherFormats()
        guard replace || !FileManager.default.fileExists(atPath: "\(out)/\(ModelFolder.descriptionFile)") else {
            throw CommandFailure("'\(out)' holds a model already; choose another folder, or say --replace", .usage)
        }
        var task = ModelImport()
        task.family = architecture
        task.settings = structure.settings
        task.description = try description.description
        task.prefix = prefix
        task.conversion.replacedHeadClasses = replaceHead
        task.conversion.inputChannels = inputChannels
        task.conversion.seedsMissing = seedMissing
        task.conversion.ignoredPrefixes = ignore
        task.conversion.seed = seed
        let outcome = try task.read(path: checkpoint)
        do {
            try outcome.model.write(to: out)
        } catch let error as SafetensorsError {
            throw error
        } catch {
            throw CommandFailure("'\(out)' cannot be written; choose another folder for --out", .noInput)
        }
        for note in outcome.notes { Console.standard.note("Note: \(note).") }
        try Console.standard.json(
            Report(
                folder: out, architecture: outcome.model.description.architecture,
                parameters: outcome.model.graph.parameterCount, sourceSHA256: outcome.sourceSHA256,
                weightsSHA256: outcome.model.weightsSHA256, training: outcome.model.description.training,
                notes: outcome.notes))
    }

    /// PyTorch's own files are ZIP archives or pickles; those are programs, and are not read here.
    private func refuseOtherFormats() throws {
        guard let file = fopen(checkpoint, "re") else { return }
        defer { fclose(file) }
        var start = [UInt8](repeating: 0, count: 9)
        guard fread(&start, 1, start.count, file) == start.count else { return }
        let isArchive = start[0] == 0x50 && start[1] == 0x4b
        // A header's length may begin so, too; the header itself tells them apart.
        guard isArchive || start[0] == 0x80, start[8] != UInt8(ascii: "{") else { return }
        throw CommandFailure(
            "'\(checkpoint)' is a file of PyTorch's own; make a safetensors file of it: \(Self.converter)", .dataError)
    }
}

extension ModelImport.Family: ExpressibleByArgument {}

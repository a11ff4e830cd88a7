import ArgumentParser
import Imaging

/// `oncorelay image convert IN OUT`
struct ImageConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Write an image as little-endian NIfTI-1, without free text.",
        discussion: """
            Reads NIfTI, a DICOM file or folder (one series), PNG and JPEG. Voxels, slope and intercept stay as they are, unless --type asks for numbers of another type: then slope and \
            intercept are applied, whole numbers are rounded, and values that do not fit are an error. Free-text fields \
            and extensions are left behind.
            """)

    @Argument(help: ArgumentHelp("The image to read.", valueName: "in"), completion: .file())
    var input: String

    @Argument(help: ArgumentHelp("The file to write, .nii or .nii.gz.", valueName: "out.nii.gz"), completion: .file())
    var output: String

    @Option(help: ArgumentHelp("Which series of a DICOM folder that holds several.", valueName: "uid"))
    var series: String?

    @Option(
        help: ArgumentHelp(
            "The voxels' type: \(NIfTIVoxelType.allCases.map(\.name).sorted().joined(separator: ", ")).",
            valueName: "type"))
    var type: NIfTIVoxelType?

    @Option(help: "An orientation to turn the voxels to, for example RAS; nothing is interpolated.")
    var orientation: Orientation?

    @Option(help: "gzip's level, 1 (fast) to 9 (small).")
    var level = 3

    func validate() throws {
        guard 1...9 ~= level else { throw ValidationError("--level: expected 1 to 9, found \(level)") }
    }

    func run() throws {
        var image = try ImageFile.read(input, series: series)
        if let orientation {
            image = try ImageFile.eachVolume(of: image) { volume in volume.reoriented(to: orientation) }
        }
        try NIfTIWriter.write(image, to: output, as: type.map { .type($0) } ?? .asStored, level: level)
    }
}

extension NIfTIVoxelType: ExpressibleByArgument {
    /// NumPy's name of the type.
    public init?(argument: String) { self.init(name: argument.lowercased()) }

    /// The names, for help.
    public static var allValueStrings: [String] { allCases.map(\.name) }
}

extension Orientation: ExpressibleByArgument {
    /// Three letters, for example `RAS`.
    public init?(argument: String) { self.init(code: argument) }
}

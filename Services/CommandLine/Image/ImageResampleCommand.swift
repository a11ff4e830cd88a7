import ArgumentParser
import Imaging

/// `oncorelay image resample IN OUT`
struct ImageResampleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resample",
        abstract: "Bring an image to other spacings, another orientation or another image's grid.",
        discussion: """
            --orientation turns the axes without interpolating. --spacing then keeps the first voxel's center and the \
            axes' directions; each extent is the old length divided by the new spacing, rounded, at least 1; the \
            spacings are along the axes of the outcome. --like takes shape and affine of another image, and neither \
            of the others may stand beside it. Outside the image stands 0. Label maps want --interpolation nearest. \
            Linear and cubic write float32 unless --type says otherwise.
            """)

    @Argument(help: ArgumentHelp("The image to read.", valueName: "in"), completion: .file())
    var input: String

    @Argument(help: ArgumentHelp("The file to write, .nii or .nii.gz.", valueName: "out"), completion: .file())
    var output: String

    @Option(help: ArgumentHelp("mm along the three axes, for example 1,1,1.", valueName: "x,y,z"))
    var spacing: SpacingArgument?

    @Option(help: "An orientation for the voxel axes, for example RAS.")
    var orientation: Orientation?

    @Option(help: ArgumentHelp("An image whose grid is taken.", valueName: "ref"), completion: .file())
    var like: String?

    @Option(help: "linear, cubic (B-spline) or nearest.")
    var interpolation: Interpolation = .linear

    @Option(help: ArgumentHelp("The voxels' type.", valueName: "type"))
    var type: NIfTIVoxelType?

    @Option(help: "gzip's level, 1 (fast) to 9 (small).")
    var level = 3

    func validate() throws {
        guard 1...9 ~= level else { throw ValidationError("--level: expected 1 to 9, found \(level)") }
        if like != nil, spacing != nil || orientation != nil {
            throw ValidationError("--like: expected alone, found --spacing or --orientation beside it")
        }
        if like == nil, spacing == nil, orientation == nil {
            throw ValidationError("expected --spacing, --orientation or --like, found none of them")
        }
    }

    func run() throws {
        let image = try ImageFile.read(input)
        let reference = try like.map { try VolumeGrid(of: ImageFile.read($0).volume(0, subject: $0)) }
        let outcome = try ImageFile.eachVolume(of: image) { volume in
            if let reference {
                return try VolumeResampler(interpolation).resample(volume, to: reference, subject: input)
            }
            let turned = orientation.map(volume.reoriented(to:)) ?? volume
            guard let spacing else { return turned }
            let grid = try VolumeGrid(of: turned).respaced(spacing.point, subject: input)
            return try VolumeResampler(interpolation).resample(turned, to: grid, subject: input)
        }
        try NIfTIWriter.write(outcome, to: output, as: type.map { .type($0) } ?? .asStored, level: level)
    }
}

/// `1,1,1.5`
struct SpacingArgument: ExpressibleByArgument {
    let point: Point

    init?(argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).compactMap { Double($0) }
        guard numbers.count == 3, argument.split(separator: ",").count == 3,
            numbers.allSatisfy({ $0 > 0 && $0.isFinite })
        else { return nil }
        point = Point(numbers[0], numbers[1], numbers[2])
    }
}

extension Interpolation: ExpressibleByArgument {}

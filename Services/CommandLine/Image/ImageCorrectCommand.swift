import ArgumentParser
import Imaging

/// `oncorelay image correct IN OUT`
struct ImageCorrectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "correct", abstract: "Take the bias field out of an image (N4).",
        discussion: """
            The field is estimated within the head (--mask head: Otsu's threshold, or what is not 0 in a skull-stripped \
            image), within a mask file, or over everything (--mask all).
            """)

    @Argument(help: ArgumentHelp("The image to read.", valueName: "in"), completion: .file())
    var input: String

    @Argument(help: ArgumentHelp("The file to write, .nii or .nii.gz.", valueName: "out"), completion: .file())
    var output: String

    @Option(help: "head, otsu, nonzero, all, or an image that is not 0 where the field is estimated.")
    var mask = "head"

    @Option(help: "Every so manieth voxel along each axis is used to estimate the field.")
    var shrink = 1

    @Option(help: ArgumentHelp("At most so many iterations a level.", valueName: "n,n,…"))
    var iterations = "50,50,50,50"

    @Option(help: "Where the change of the field counts as none.")
    var threshold = 0.001

    @Option(help: ArgumentHelp("Write the field's logarithm.", valueName: "file"), completion: .file())
    var field: String?

    func run() throws {
        let volume = try ImageFile.read(input).volume(0, subject: input)
        var correction = BiasFieldCorrection()
        correction.shrinkFactor = shrink
        correction.convergenceThreshold = threshold
        correction.iterations = iterations.split(separator: ",").compactMap { Int($0) }
        let voxels: [UInt8]
        if let rule = IntensityNormalization.Measured(rawValue: mask) {
            voxels = HeadMask.voxels(of: volume, rule)
        } else {
            voxels = HeadMask.voxels(of: try ImageFile.read(mask).volume(0, subject: mask), .nonzero)
        }
        let start = ContinuousClock.now
        let corrected = try correction.correct(volume, mask: voxels)
        Console.standard.note("iterations \(corrected.iterations), \(ContinuousClock.now - start)")
        try NIfTIWriter.write(corrected.volume, to: output)
        if let field { try NIfTIWriter.write(corrected.logarithmicField, to: field) }
    }
}

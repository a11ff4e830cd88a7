import ArgumentParser
import Imaging

/// `oncorelay image register MOVING FIXED`
struct ImageRegisterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register", abstract: "Find how a patient moved between two images.",
        discussion: """
            Prints {"translation" mm, "rotation" degrees about x, y, z, "center", "distance", "angle", "before", "after", \
            "matrix"}: the matrix takes the fixed image's world to the moving image's; before and after are normalized \
            mutual information. --output writes the moving image on the fixed image's grid.
            """)

    @Argument(help: ArgumentHelp("The image that moved.", valueName: "moving"), completion: .file())
    var moving: String

    @Argument(help: ArgumentHelp("The image that stays.", valueName: "fixed"), completion: .file())
    var fixed: String

    @Option(help: ArgumentHelp("Write the moved image.", valueName: "file"), completion: .file())
    var output: String?

    func run() throws {
        let moving = try ImageFile.read(moving).volume(0, subject: moving)
        let fixed = try ImageFile.read(fixed).volume(0, subject: fixed)
        let outcome = try RigidRegistration().register(moving, to: fixed)
        try Console.standard.json(RegistrationReport(outcome))
        if let output {
            let moved = try VolumeResampler().resample(
                moving, to: VolumeGrid(of: fixed), motion: outcome.motion.affine)
            try NIfTIWriter.write(moved, to: output)
        }
    }
}

private struct RegistrationReport: Encodable {
    let translation: [Double]
    let rotation: [Double]
    let center: [Double]
    let distance: Double
    let angle: Double
    let before: Double
    let after: Double
    let matrix: [[Double]]

    init(_ outcome: RigidRegistration.Outcome) {
        let motion = outcome.motion
        translation = [motion.translation.x, motion.translation.y, motion.translation.z]
        rotation = [motion.rotation.x, motion.rotation.y, motion.rotation.z]
        center = [motion.center.x, motion.center.y, motion.center.z]
        distance = motion.distance
        angle = motion.angle
        before = outcome.before
        after = outcome.after
        let rows = motion.affine.rows
        matrix = (0..<4).map { Array(rows[$0 * 4..<$0 * 4 + 4]) }
    }
}

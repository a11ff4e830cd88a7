import ArgumentParser

/// `oncorelay image …`
struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Convert, resample and look at images.",
        discussion: """
            Images are single-file NIfTI-1 or NIfTI-2 (.nii, .nii.gz), plain or compressed, in either byte order, of one \
            volume or several; DICOM files and folders; PNG and JPEG. What is written is NIfTI-1. Coordinates are RAS+ in mm; an orientation such as RAS names the ends that the voxel axes \
            run toward.

            Exit codes: 0 done, 64 wrong use, 65 the image cannot be used.
            """,
        subcommands: [
            ImageConvertCommand.self, ImageResampleCommand.self, ImageInspectCommand.self, ImageCorrectCommand.self,
            ImageRegisterCommand.self,
        ])
}

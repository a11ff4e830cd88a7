import Imaging

/// How the image commands read.
enum ImageFile {
    /// Reads an image; errors name its file.
    static func read(_ path: String) throws -> NIfTIImage {
        try NIfTIReader().readImage(path: path, subject: path)
    }

    /// Does the same with each volume and puts the outcomes together again.
    static func eachVolume(of image: NIfTIImage, _ change: (Volume) throws -> Volume) throws -> NIfTIImage {
        let volumes = try (0..<image.volumeCount).map { try change(image.volume($0)) }
        return try NIfTIImage(volumes, axes: Array(image.shape[3...]))
    }
}

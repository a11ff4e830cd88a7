package import Contracts
internal import Digests
internal import Tensors

/// The mean of the padded training cut-outs, which a model wants subtracted (Li et al., Quant Imaging Med Surg
/// 2021;11:2477).
package struct MeanImage: Sendable, Equatable {
    /// Rows and columns.
    package let side: Int
    /// `side × side` for all channels alike, or as many for each of three.
    package let pixels: [Float]

    /// Reads the file that a model's input names.
    ///
    /// - Parameters:
    ///   - reference: `file` is a path by now, no longer a name in the model's folder.
    ///   - side: of the model's input.
    /// - Returns: the mean image.
    /// - Throws: `model-damaged` for a file that is not there, is another one than the pinned one, or of another shape.
    package static func load(_ reference: ModelMeanImage, side: Int) throws(ImagingError) -> MeanImage {
        let name = reference.file.split(separator: "/").last.map(String.init) ?? reference.file
        func damaged(_ text: String) -> ImagingError {
            ImagingError(.modelDamaged, .transient, subject: "mean image \(name)", "\(text); mend the model folder")
        }
        let file: SafetensorsFile
        let tensor: Tensor
        do {
            file = try SafetensorsFile.map(path: reference.file)
            tensor = try file.requiredTensor("mean")
        } catch {
            throw damaged("cannot be read: \(error)")
        }
        let digest = Digest()
        file.withUnsafeBytes { digest.update($0) }
        let found = Digest.hexadecimal(digest.finish())
        guard found == reference.sha256 else {
            throw damaged("expected SHA-256 \(reference.sha256) as model.json pins it, got \(found)")
        }
        guard tensor.shape == [1, side, side] || tensor.shape == [3, side, side] else {
            throw damaged("expected shape [1 or 3, \(side), \(side)], as large as the input, got \(tensor.shape)")
        }
        let pixels = tensor.floats()
        guard pixels.allSatisfy(\.isFinite) else { throw damaged("expected finite numbers") }
        return MeanImage(side: side, pixels: pixels)
    }
}

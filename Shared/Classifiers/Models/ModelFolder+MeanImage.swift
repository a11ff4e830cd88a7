package import Contracts
internal import Digests
internal import NeuralNetwork
internal import Tensors

extension ModelFolder {
    /// What the network is fed, with the mean image's file as a path: for those who make inputs.
    package var resolvedInput: ModelInput {
        var input = description.input
        if let path, let image = input.normalization.meanImage {
            input.normalization.meanImage?.file = "\(path)/\(image.file)"
        }
        return input
    }
}

extension ModelDescription {
    /// The mean image that the description names.
    ///
    /// - Parameter path: the folder.
    /// - Returns: nil for a description without one.
    /// - Throws: `ClassifierError.modelDamaged` for a file that is not there, is another one than the pinned one, or
    ///   holds no mean image of the input's size.
    func loadMeanImage(beside path: String) throws(ClassifierError) -> Tensor? {
        guard let image = input.normalization.meanImage else { return nil }
        let file: SafetensorsFile
        let tensor: Tensor
        do {
            file = try SafetensorsFile.map(path: "\(path)/\(image.file)")
            tensor = try file.requiredTensor("mean")
        } catch {
            throw .modelDamaged(path: path, reason: "\(image.file): \(error)")
        }
        let digest = Digest()
        file.withUnsafeBytes { digest.update($0) }
        let found = Digest.hexadecimal(digest.finish())
        guard found == image.sha256 else {
            throw .modelDamaged(
                path: path,
                reason: "\(image.file): expected SHA-256 \(image.sha256) as model.json pins it, got \(found)")
        }
        let problems = problems(ofMeanImage: tensor)
        guard problems.isEmpty else {
            throw .modelDamaged(path: path, reason: problems.joined(separator: "; "))
        }
        return tensor
    }

    /// What keeps a mean image from being subtracted from the input; empty for none.
    func problems(ofMeanImage tensor: Tensor?) -> [String] {
        guard let tensor else { return [] }
        let channels = architecture.inputChannels
        guard [1, channels].contains(where: { tensor.shape == [$0] + extents }) else {
            let size = extents.map(String.init).joined(separator: ", ")
            return ["mean image: expected shape [1 or \(channels), \(size)] as the input has, got \(tensor.shape)"]
        }
        return tensor.floats().allSatisfy(\.isFinite) ? [] : ["mean image: expected finite numbers"]
    }
}

internal import Digests
package import NeuralNetwork
internal import Tensors

/// How far an input's features lie from those of the training: the Mahalanobis distance to the nearest class mean, under
/// one covariance for all classes (Lee et al., NeurIPS 2018).
package struct OutOfDistributionDetector: Sendable, Equatable {
    /// The names that its file may have: a new one takes the name that `model.json` does not point at.
    package static let fileNames = ["trust.safetensors", "trust-2.safetensors"]

    /// One of `features` numbers for each class, in the order of the labels.
    package let means: [[Double]]
    /// Of the shrunk covariance.
    package let factor: CholeskyFactor
    /// L⁻¹ times the means, so that an input is whitened once for all classes.
    private let whitenedMeans: [[Double]]

    /// Numbers in a vector of features.
    package var featureCount: Int { factor.order }

    /// Nil for means of another length than the factor's order, or that are not finite.
    ///
    /// - Parameters:
    ///   - means: of the classes.
    ///   - factor: of the covariance.
    package init?(means: [[Double]], factor: CholeskyFactor) {
        guard !means.isEmpty, means.allSatisfy({ $0.count == factor.order && $0.allSatisfy(\.isFinite) }) else {
            return nil
        }
        self.means = means
        self.factor = factor
        whitenedMeans = means.map { mean in
            var vector = mean
            factor.whiten(&vector)
            return vector
        }
    }

    /// The distance to the nearest class.
    ///
    /// - Parameter features: as many as ``featureCount``.
    /// - Returns: √ of the least (x − μ)ᵀ Σ⁻¹ (x − μ) over the classes; infinite where it overflows.
    package func distance(of features: [Double]) -> Double {
        var vector = features
        factor.whiten(&vector)
        var least = Double.infinity
        for mean in whitenedMeans {
            var sum = 0.0
            for (one, other) in zip(vector, mean) { sum += (one - other) * (one - other) }
            least = min(least, sum)
        }
        return least.squareRoot()
    }

    // MARK: - Its file

    /// As it is after it was written and read: numbers rounded to float32.
    package var rounded: OutOfDistributionDetector? {
        func single(_ values: [Double]) -> [Double] { values.map { Double(Float($0)) } }
        guard let factor = CholeskyFactor(packed: single(factor.packed), order: factor.order) else { return nil }
        return OutOfDistributionDetector(means: means.map(single), factor: factor)
    }

    /// Writes `means` [classes, features] and `factor` [features · (features + 1) / 2], float32.
    ///
    /// - Parameter path: the file; one that exists is replaced as a whole.
    /// - Returns: the file's SHA-256.
    /// - Throws: `SafetensorsError`.
    package func write(to path: String) throws -> String {
        let tensors = [
            (
                name: "means",
                tensor: try Tensor(shape: [means.count, featureCount], floats: means.joined().map { Float($0) })
            ),
            (name: "factor", tensor: try Tensor(shape: [factor.packed.count], floats: factor.packed.map { Float($0) })),
        ]
        try SafetensorsFile.write(tensors, metadata: ["form": "oncorelay.trust/1"], to: path)
        return try Self.read(path).sha256
    }

    /// Reads a file that ``write(to:)`` wrote.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - sha256: that it must have.
    ///   - classes: means that it must hold.
    /// - Returns: the detector.
    /// - Throws: `SafetensorsError`, or ``TrustError`` for another file than the one that was pinned.
    package static func load(path: String, sha256: String, classes: Int) throws -> OutOfDistributionDetector {
        let (file, found) = try read(path)
        guard found == sha256 else { throw TrustError.otherFile(path: path, expected: sha256, got: found) }
        let means = try file.requiredTensor("means")
        let packed = try file.requiredTensor("factor").floats().map(Double.init)
        guard means.shape.count == 2, means.shape[0] == classes, means.shape[1] > 0,
            let factor = CholeskyFactor(packed: packed, order: means.shape[1])
        else { throw TrustError.unusableFile(path: path, classes: classes) }
        let values = means.floats().map(Double.init)
        let rows = (0..<classes).map { Array(values[$0 * means.shape[1]..<($0 + 1) * means.shape[1]]) }
        guard let detector = OutOfDistributionDetector(means: rows, factor: factor) else {
            throw TrustError.unusableFile(path: path, classes: classes)
        }
        return detector
    }

    private static func read(_ path: String) throws(SafetensorsError) -> (file: SafetensorsFile, sha256: String) {
        let file = try SafetensorsFile.map(path: path)
        let digest = Digest()
        file.withUnsafeBytes { digest.update($0) }
        return (file, Digest.hexadecimal(digest.finish()))
    }
}

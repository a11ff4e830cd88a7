internal import Digests

/// What an image's scaled voxels are, in figures: as NumPy gives them for nibabel's `get_fdata()`.
package struct ImageStatistics: Sendable, Equatable {
    package let minimum: Double
    package let maximum: Double
    package let mean: Double
    /// Of the population.
    package let standardDeviation: Double
    package let nonzeroCount: Int
    /// SHA-256 of the scaled voxels as float64, little-endian, first axis fastest; lower-case hexadecimal.
    package let sha256: String

    package init(_ image: NIfTIImage) {
        let digest = Digest()
        var (minimum, maximum) = (Double.infinity, -Double.infinity)
        var (count, nonzero, sum) = (0, 0, 0.0)
        image.forEachPiece { piece in
            digest.update(UnsafeRawBufferPointer(piece))
            var partial = 0.0
            for value in piece {
                minimum = min(minimum, value)
                maximum = max(maximum, value)
                nonzero += value == 0 ? 0 : 1
                partial += value
            }
            sum += partial
            count += piece.count
        }
        let mean = sum / Double(max(count, 1))
        var squares = 0.0
        image.forEachPiece { piece in
            squares += piece.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) }
        }
        self.minimum = minimum
        self.maximum = maximum
        self.mean = mean
        standardDeviation = (squares / Double(max(count, 1))).squareRoot()
        nonzeroCount = nonzero
        sha256 = Digest.hexadecimal(digest.finish())
    }
}

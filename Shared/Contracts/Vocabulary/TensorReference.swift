/// The claim check for a tensor in the tensor store: messages carry this, never the numbers.
package struct TensorReference: Codable, Sendable, Equatable {
    /// Key in the store; derived from the run, never from patient data.
    package var key: String
    package var shape: [Int]
    /// `float32`, `float16`, `bfloat16`, `int16` or `uint8`.
    package var elementType: String
    package var byteCount: Int
    /// Checksum of the stored blob, as the store computes it.
    package var checksum: String
    /// When the store forgets it, seconds since 1970.
    package var expiresAt: Double

    package init(
        key: String, shape: [Int], elementType: String, byteCount: Int, checksum: String, expiresAt: Double
    ) {
        self.key = key
        self.shape = shape
        self.elementType = elementType
        self.byteCount = byteCount
        self.checksum = checksum
        self.expiresAt = expiresAt
    }
}

package import NeuralNetwork

/// A covariance drawn towards a multiple of the identity, so that it can be inverted however few the cases:
/// Σ = (1 − δ) S + δ μ I with μ the mean variance.
package struct ShrinkageCovariance: Sendable, Equatable {
    /// How strongly it is drawn.
    package enum Shrinkage: Sendable, Equatable {
        /// δ by Ledoit & Wolf (J Multivar Anal 2004;88:365): the least expected squared distance from the truth.
        case ledoitWolf
        /// δ from 0 to 1.
        case fixed(Double)
    }

    /// Row after row, [width, width]; zeros above the diagonal.
    package let lowerTriangle: [Double]
    package let width: Int
    /// δ.
    package let shrinkage: Double

    /// - Parameters:
    ///   - rows: [count, width], row-major, of which the means are subtracted already.
    ///   - count: rows.
    ///   - width: columns.
    ///   - shrinkage: how strongly the covariance is drawn.
    package init(centered rows: [Double], count: Int, width: Int, shrinkage: Shrinkage) {
        let cases = Double(count)
        var matrix = CrossProducts.lowerTriangle(of: rows, count: count, width: width)
        for index in matrix.indices { matrix[index] /= cases }
        let trace = (0..<width).reduce(0) { $0 + matrix[$1 * width + $1] }
        let mean = trace / Double(width)
        switch shrinkage {
        case .fixed(let share): self.shrinkage = share
        case .ledoitWolf:
            self.shrinkage = Self.ledoitWolf(
                rows, matrix, count: count, width: width, trace: trace)
        }
        for row in 0..<width {
            for column in 0...row { matrix[row * width + column] *= 1 - self.shrinkage }
            matrix[row * width + row] += self.shrinkage * mean
        }
        lowerTriangle = matrix
        self.width = width
    }

    /// δ = min(b², d²) / d² with d² = ‖S − μI‖² / p and b² = Σ_k ‖x_k x_kᵀ − S‖² / (n² p).
    private static func ledoitWolf(
        _ rows: [Double], _ matrix: [Double], count: Int, width: Int, trace: Double
    ) -> Double {
        let (cases, features) = (Double(count), Double(width))
        // ‖S‖² from the lower triangle: all but the diagonal stands twice.
        var squares = 0.0
        for row in 0..<width {
            for column in 0..<row { squares += 2 * matrix[row * width + column] * matrix[row * width + column] }
            squares += matrix[row * width + row] * matrix[row * width + row]
        }
        var fourths = 0.0
        rows.withUnsafeBufferPointer { rows in
            for index in 0..<count {
                var length = 0.0
                for value in rows[index * width..<(index + 1) * width] { length += value * value }
                fourths += length * length
            }
        }
        let mean = trace / features
        let spread = (squares - 2 * mean * trace + features * mean * mean) / features
        let error = min((fourths / cases - squares) / (cases * features), spread)
        return error > 0 ? error / spread : 0
    }

    /// Its factor.
    ///
    /// - Throws: ``TrustError/singularCovariance(shrinkage:)``.
    package func factor() throws(TrustError) -> CholeskyFactor {
        guard let factor = CholeskyFactor(lowerTriangle, order: width) else {
            throw .singularCovariance(shrinkage: shrinkage)
        }
        return factor
    }
}

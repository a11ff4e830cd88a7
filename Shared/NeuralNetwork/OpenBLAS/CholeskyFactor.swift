internal import COpenBLAS

/// The lower triangle L of A = L Lᵀ for a symmetric, positive definite A, by LAPACK, in double precision.
package struct CholeskyFactor: Sendable, Equatable {
    /// Rows and columns of A.
    package let order: Int
    /// Row after row, each up to its diagonal: `order · (order + 1) / 2` numbers.
    package let packed: [Double]

    /// Factors a matrix; nil for one that is not positive definite, or not square.
    ///
    /// - Parameters:
    ///   - matrix: [order, order], row-major; only its lower triangle is read.
    ///   - order: its rows and columns.
    package init?(_ matrix: [Double], order: Int) {
        guard order > 0, order <= 1 << 15, matrix.count == order * order else { return nil }
        _ = OpenBLASRuntime.prepare()
        var factor = matrix
        var (size, status) = (blasint(order), blasint(0))
        // The lower triangle row by row is the upper one column by column.
        factor.withUnsafeMutableBufferPointer { dpotrf_("U", &size, $0.baseAddress, &size, &status, 1) }
        guard status == 0 else { return nil }
        var packed: [Double] = []
        packed.reserveCapacity(order * (order + 1) / 2)
        for row in 0..<order { packed += factor[row * order...row * order + row] }
        self.order = order
        self.packed = packed
    }

    /// A factor that was made before; nil for another number of numbers, some that are not finite, or a diagonal that is
    /// not above 0.
    package init?(packed: [Double], order: Int) {
        guard order > 0, order <= 1 << 15, packed.count == order * (order + 1) / 2, packed.allSatisfy(\.isFinite),
            (0..<order).allSatisfy({ packed[$0 * ($0 + 1) / 2 + $0] > 0 })
        else { return nil }
        self.order = order
        self.packed = packed
    }

    /// Replaces `vector` by L⁻¹ times it: afterwards its squared length is vᵀ A⁻¹ v.
    package func whiten(_ vector: inout [Double]) {
        precondition(vector.count == order, "a vector has as many numbers as the matrix has rows")
        vector.withUnsafeMutableBufferPointer { vector in
            cblas_dtpsv(
                CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, blasint(order), packed, vector.baseAddress, 1)
        }
    }
}

/// Sums of products by OpenBLAS, in double precision.
package enum CrossProducts {
    /// The lower triangle of XᵀX; what lies above it is 0.
    ///
    /// - Parameters:
    ///   - rows: X, [count, width], row-major.
    ///   - count: rows of X, at least 1.
    ///   - width: columns of X, at least 1.
    /// - Returns: [width, width], row-major.
    package static func lowerTriangle(of rows: [Double], count: Int, width: Int) -> [Double] {
        precondition(count > 0 && width > 0 && rows.count == count * width, "rows are [count, width]")
        _ = OpenBLASRuntime.prepare()
        var result = [Double](repeating: 0, count: width * width)
        result.withUnsafeMutableBufferPointer { result in
            cblas_dsyrk(
                CblasRowMajor, CblasLower, CblasTrans, blasint(width), blasint(count), 1, rows, blasint(width), 0,
                result.baseAddress, blasint(width))
        }
        return result
    }
}

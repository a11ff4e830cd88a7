import Contracts
package import Tensors

/// A picture cut out of a slice as it is, neither scaled nor turned off the voxel grid.
package struct CutOut: Sendable {
    /// Changes with the pixels that come out.
    package static let version = 1

    /// Rows from top to bottom, columns fastest; slope, intercept and normalization applied.
    package let pixels: [Float]
    package let height: Int
    package let width: Int

    /// Cuts a rectangle out of a volume.
    package init(_ section: CrossSection, of volume: Volume, normalization: NormalizationParameters = .identity) {
        height = section.rows.count
        width = section.columns.count
        var pixels = volume.perform(CutOutWork(section: section, shape: volume.shape))
        pixels.withUnsafeMutableBufferPointer {
            normalization.apply(to: $0, slope: volume.slope, intercept: volume.intercept)
        }
        self.pixels = pixels
    }

    /// A picture of given pixels, `height` rows of `width`.
    init(pixels: [Float], height: Int, width: Int) {
        precondition(pixels.count == height * width, "\(pixels.count) pixels for \(height) rows of \(width)")
        self.pixels = pixels
        self.height = height
        self.width = width
    }
}

/// How a cut-out becomes a network's input (Li et al., Quant Imaging Med Surg 2021;11:2477): padded, not scaled, to a
/// square, the training set's mean subtracted, the one channel given three times.
package struct CutOutPadding: Codable, Sendable, Equatable {
    /// Rows and columns of the square.
    package var side: Int
    /// Stands around the picture, in the unit of its pixels.
    package var fill: Double
    /// Subtracted from every pixel, the padding included: one number, or one for each channel; empty for none.
    package var mean: [Double]
    /// Multiplies what is left.
    package var scale: Double

    package init(side: Int = 299, fill: Double = 0, mean: [Double] = [], scale: Double = 1) {
        self.side = side
        self.fill = fill
        self.mean = mean
        self.scale = scale
    }

    /// - Parameters:
    ///   - picture: in the middle of the square; where a margin is odd, the larger half is below and to the right.
    ///   - meanImage: the training set's mean image of `side × side` pixels, or of three times as many, one for each
    ///     channel; subtracted as well.
    /// - Returns: float32 `[3, side, side]`, and whether the picture was larger than the square, so that only its
    ///   middle is there.
    /// - Throws: `model-input-mismatch` for a side below 1, a mean of neither 0, 1 nor 3 numbers, or a mean image of
    ///   another size.
    package func input(
        from picture: CutOut, meanImage: [Float]? = nil
    ) throws(ImagingError) -> (tensor: Tensor, isCropped: Bool) {
        let plane = side * side
        guard 1...4096 ~= side, [0, 1, 3].contains(mean.count), [plane, 3 * plane].contains(meanImage?.count ?? plane)
        else {
            throw ImagingError(
                .modelInputMismatch, .permanent, subject: "cut-out",
                "expected a side from 1 to 4096, 0, 1 or 3 means and a mean image of side × side pixels, found side "
                    + "\(side), \(mean.count) means, \(meanImage?.count ?? 0) pixels")
        }
        let square = squared(picture)
        let buffer = TensorBuffer.filled(count: 3 * plane * 4) { bytes in
            let output = bytes.bindMemory(to: Float.self)
            for channel in 0..<3 {
                let shift = Float(mean.isEmpty ? 0 : mean[mean.count == 3 ? channel : 0])
                let first = meanImage.map { $0.count == plane ? 0 : channel * plane } ?? 0
                for index in 0..<plane {
                    output[channel * plane + index] =
                        (square[index] - (meanImage?[first + index] ?? 0) - shift) * Float(scale)
                }
            }
        }
        guard let tensor = try? Tensor(shape: [3, side, side], elementType: .float32, buffer: buffer) else {
            preconditionFailure("a cut-out's buffer is made for its shape")
        }
        return (tensor, picture.height > side || picture.width > side)
    }

    /// Pads, and crops what is too large, around the middle.
    private func squared(_ picture: CutOut) -> [Float] {
        var square = [Float](repeating: Float(fill), count: side * side)
        let (top, left) = (margin(picture.height), margin(picture.width))
        for row in max(0, top)..<min(side, top + picture.height) {
            for column in max(0, left)..<min(side, left + picture.width) {
                square[row * side + column] = picture.pixels[(row - top) * picture.width + column - left]
            }
        }
        return square
    }

    /// Pixels before the picture; negative where it is larger than the square.
    private func margin(_ extent: Int) -> Int {
        extent <= side ? (side - extent) / 2 : -((extent - side) / 2)
    }
}

private struct CutOutWork: VoxelWork {
    let section: CrossSection
    let shape: [Int]

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) -> [Float] {
        let strides = [1, shape[0], shape[0] * shape[1]]
        let frame = section.frame
        let start = section.slice * strides[frame.sliceAxis]
        let rows = frame.reversesRows ? Array(section.rows.reversed()) : Array(section.rows)
        let columns = frame.reversesColumns ? Array(section.columns.reversed()) : Array(section.columns)
        var pixels: [Float] = []
        pixels.reserveCapacity(rows.count * columns.count)
        for row in rows {
            for column in columns {
                pixels.append(
                    voxels[start + row * strides[frame.rowAxis] + column * strides[frame.columnAxis]].stored)
            }
        }
        return pixels
    }
}

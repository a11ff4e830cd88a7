import Tensors

/// The voxels of one region, on the grid of the mask that they come from.
package struct RegionVoxels: Sendable {
    /// In file order.
    package let runs: [MaskRun]
    /// The grid: voxels along i, j, k.
    package let shape: [Int]
    /// Voxel index to RAS+ world in mm.
    package let affine: Affine

    package var count: Int { runs.reduce(0) { $0 + $1.count } }

    /// The smallest box around the voxels, faces included, whose edges run right, anterior and superior, in mm.
    package var worldBounds: (minimum: Point, maximum: Point) {
        var minimum = Point(repeating: .infinity)
        var maximum = Point(repeating: -.infinity)
        for run in runs {
            for i in [run.start, run.end - 1] {
                let center = affine.apply(Point(Double(i), Double(run.j), Double(run.k)))
                minimum = pointwiseMin(minimum, center)
                maximum = pointwiseMax(maximum, center)
            }
        }
        // A voxel is a parallelepiped: it reaches this far from its center along each world axis.
        let reach =
            0.5
            * Point(
                abs(affine.first.x) + abs(affine.second.x) + abs(affine.third.x),
                abs(affine.first.y) + abs(affine.second.y) + abs(affine.third.y),
                abs(affine.first.z) + abs(affine.second.z) + abs(affine.third.z))
        return (minimum - reach, maximum + reach)
    }

    /// Whether a voxel lies on an outer face of the grid, so that a part of the region may lie beyond it. Axes of one
    /// voxel do not count: there every voxel does.
    package var touchesBorder: Bool {
        runs.contains { run in
            (shape[0] > 1 && (run.start == 0 || run.end == shape[0]))
                || (shape[1] > 1 && (run.j == 0 || run.j == shape[1] - 1))
                || (shape[2] > 1 && (run.k == 0 || run.k == shape[2] - 1))
        }
    }

    /// The mean of the voxels' centers in RAS+ world, mm.
    package var centroid: Point {
        var sum = Point.zero
        for run in runs {
            // The indices of a run add up to its count times its middle.
            let middle = Double(run.start + run.end - 1) / 2
            sum += Point(middle, Double(run.j), Double(run.k)) * Double(run.count)
        }
        return affine.apply(sum / Double(max(count, 1)))
    }

    /// A mask of this region alone: uint8, 1 inside and 0 outside, on the same grid.
    package func mask() throws(ImagingError) -> Volume {
        let buffer = TensorBuffer.filled(count: shape[0] * shape[1] * shape[2]) { bytes in
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            for run in runs {
                let row = shape[0] * (run.j + shape[1] * run.k)
                for i in run.start..<run.end { bytes[row + i] = 1 }
            }
        }
        guard let tensor = try? Tensor(shape: shape.reversed(), elementType: .uint8, buffer: buffer) else {
            preconditionFailure("a mask's buffer is made for its shape")
        }
        return try Volume(tensor: tensor, affine: affine, subject: "mask")
    }
}

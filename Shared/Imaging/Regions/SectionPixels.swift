import Contracts

/// A region's pixels in one slice of its own grid, in mm along the slice's two axes.
struct SectionPixels {
    /// Voxel index of each pixel along the row axis and the column axis of the frame.
    let pixels: [(row: Int, column: Int)]
    let frame: SliceFrame
    let slice: Int
    /// Millimeters from row to row and from column to column.
    let rowSpacing: Double
    let columnSpacing: Double
    private let rows: ClosedRange<Int>
    private let columns: ClosedRange<Int>
    private let isInside: [Bool]

    /// The pixels of a region on a cross-section's slice; nil where there are none.
    init?(_ voxels: RegionVoxels, _ section: CrossSection) {
        let frame = section.frame
        var pixels: [(row: Int, column: Int)] = []
        for run in voxels.runs {
            for i in run.start..<run.end {
                let place = [i, run.j, run.k]
                guard place[frame.sliceAxis] == section.slice else { continue }
                pixels.append((place[frame.rowAxis], place[frame.columnAxis]))
            }
        }
        guard let first = pixels.first else { return nil }
        var (lowRow, highRow, lowColumn, highColumn) = (first.row, first.row, first.column, first.column)
        for pixel in pixels {
            (lowRow, highRow) = (min(lowRow, pixel.row), max(highRow, pixel.row))
            (lowColumn, highColumn) = (min(lowColumn, pixel.column), max(highColumn, pixel.column))
        }
        rows = lowRow...highRow
        columns = lowColumn...highColumn
        var isInside = [Bool](repeating: false, count: rows.count * columns.count)
        for pixel in pixels { isInside[(pixel.row - lowRow) * columns.count + pixel.column - lowColumn] = true }
        self.isInside = isInside
        self.pixels = pixels
        self.frame = frame
        slice = section.slice
        let spacing = voxels.affine.spacing
        rowSpacing = spacing[frame.rowAxis]
        columnSpacing = spacing[frame.columnAxis]
    }

    func contains(_ row: Int, _ column: Int) -> Bool {
        rows ~= row && columns ~= column
            && isInside[(row - rows.lowerBound) * columns.count + column - columns.lowerBound]
    }

    /// In mm².
    var area: Double { Double(pixels.count) * rowSpacing * columnSpacing }

    /// The pixels without those that share a side with the outside, where partial volume mixes the signal.
    var inner: [(row: Int, column: Int)] {
        pixels.filter {
            contains($0.row - 1, $0.column) && contains($0.row + 1, $0.column) && contains($0.row, $0.column - 1)
                && contains($0.row, $0.column + 1)
        }
    }

    /// The middles of the pixel sides between inside and outside, (x, y) = (column, row) in mm.
    var border: [SIMD2<Double>] {
        var points: [SIMD2<Double>] = []
        for (row, column) in pixels {
            for (dy, dx) in [(-1, 0), (1, 0), (0, -1), (0, 1)] where !contains(row + dy, column + dx) {
                points.append(
                    SIMD2(
                        (Double(column) + 0.5 * Double(dx)) * columnSpacing,
                        (Double(row) + 0.5 * Double(dy)) * rowSpacing))
            }
        }
        return points
    }

    /// The ellipse of the same second moments: its middle, its half axes in mm (long, short), and the direction of the
    /// long one.
    var ellipse: (center: SIMD2<Double>, long: Double, short: Double, direction: SIMD2<Double>) {
        let count = Double(pixels.count)
        var mean = SIMD2<Double>.zero
        for pixel in pixels { mean += SIMD2(Double(pixel.column), Double(pixel.row)) }
        mean /= count
        // A pixel is a little rectangle: its own second moment belongs to it.
        var (xx, yy, xy) = (1.0 / 12, 1.0 / 12, 0.0)
        for pixel in pixels {
            let d = SIMD2(Double(pixel.column), Double(pixel.row)) - mean
            xx += d.x * d.x / count
            yy += d.y * d.y / count
            xy += d.x * d.y / count
        }
        xx *= columnSpacing * columnSpacing
        yy *= rowSpacing * rowSpacing
        xy *= columnSpacing * rowSpacing
        let middle = (xx + yy) / 2
        let reach = ((xx - yy) * (xx - yy) / 4 + xy * xy).squareRoot()
        let (large, small) = (middle + reach, max(middle - reach, 1e-12))
        var direction = abs(xy) > 1e-12 ? SIMD2(large - yy, xy) : xx >= yy ? SIMD2(1, 0) : SIMD2(0, 1)
        direction /= (direction.x * direction.x + direction.y * direction.y).squareRoot()
        return (
            mean * SIMD2(columnSpacing, rowSpacing), 2 * large.squareRoot(), 2 * small.squareRoot(), direction
        )
    }
}

import Contracts

/// A volume at a glance: a row of slices for each plane, hung as radiologists hang them, in their true proportions, with
/// the sides marked.
package enum ContactSheet {
    /// Slices of each plane.
    static let columns = 5
    /// Pixels of a picture's longer side.
    static let side = 224
    private static let gap = 6

    /// Draws a volume, its intensities from the robust range (0.5th percentile of all voxels to the 99.5th of the head)
    /// to black and white.
    ///
    /// - Parameters:
    ///   - volume: what is drawn.
    ///   - hasDirections: whether the file says where right and left are; else no side is named.
    /// - Returns: three rows of pictures: axial, coronal, sagittal.
    package static func picture(of volume: Volume, hasDirections: Bool = true) -> GrayPicture {
        let window = RobustRange(volume)
        let planes: [Plane] = [.axial, .coronal, .sagittal]
        let pixel = pixelSize(volume)
        let rows = planes.map { plane in panels(plane, volume, window, pixel, hasDirections) }
        let width = rows.map { $0.reduce(gap) { $0 + $1.width + gap } }.max() ?? 1
        let height = rows.reduce(gap) { $0 + ($1.map(\.height).max() ?? 0) + gap }
        var sheet = GrayPicture(width: width, height: height, gray: 40)
        var y = gap
        for row in rows {
            var x = gap
            for panel in row {
                sheet.draw(panel, x: x, y: y)
                x += panel.width + gap
            }
            y += (row.map(\.height).max() ?? 0) + gap
        }
        return sheet
    }

    /// One size in mm for all pictures, so that they can be compared.
    private static func pixelSize(_ volume: Volume) -> Double {
        let spacing = volume.spacing
        return (0..<3).reduce(1e-3) { max($0, Double(volume.shape[$1]) * spacing[$1]) } / Double(side)
    }

    private static func panels(
        _ plane: Plane, _ volume: Volume, _ window: RobustRange, _ pixel: Double, _ hasDirections: Bool
    ) -> [GrayPicture] {
        let frame = SliceFrame(plane: plane, of: volume.orientation)
        let extent = volume.shape[frame.sliceAxis]
        let count = min(columns, extent)
        let slices = (0..<count).map { Int((Double(extent) * (0.15 + 0.7 * (Double($0) + 0.5) / Double(count)))) }
        let isPositive = volume.orientation.isPositive[frame.sliceAxis]
        return (isPositive ? slices : slices.reversed()).map { slice in
            panel(plane, frame, min(slice, extent - 1), volume, window, pixel, hasDirections)
        }
    }

    private static func panel(
        _ plane: Plane, _ frame: SliceFrame, _ slice: Int, _ volume: Volume, _ window: RobustRange, _ pixel: Double,
        _ hasDirections: Bool
    ) -> GrayPicture {
        let spacing = volume.spacing
        let section = CrossSection(frame: frame, slice: slice, of: volume.shape)
        let cut = CutOut(section, of: volume)
        let rowStep = pixel / spacing[frame.rowAxis]
        let columnStep = pixel / spacing[frame.columnAxis]
        let height = max(1, Int((Double(cut.height) / rowStep).rounded()))
        let width = max(1, Int((Double(cut.width) / columnStep).rounded()))
        var picture = GrayPicture(width: width, height: height)
        for y in 0..<height {
            let v = ((Double(y) + 0.5) * Double(cut.height) / Double(height) - 0.5).clamped(
                to: 0...Double(cut.height - 1))
            for x in 0..<width {
                let u = ((Double(x) + 0.5) * Double(cut.width) / Double(width) - 0.5).clamped(
                    to: 0...Double(cut.width - 1))
                picture[x, y] = window.gray(cut.value(u, v))
            }
        }
        let (left, right, top, bottom) = hasDirections ? sides(plane) : ("?", "?", "?", "?")
        let middle = height / 2 - 7
        picture.write(left, x: 3, y: middle)
        picture.write(right, x: width - 13, y: middle)
        picture.write(top, x: width / 2 - 5, y: 3)
        picture.write(bottom, x: width / 2 - 5, y: height - 17)
        picture.write("\(slice)", x: 3, y: 3, scale: 1)
        return picture
    }

    /// What lies left, right, on top and at the bottom of a plane's pictures.
    private static func sides(_ plane: Plane) -> (String, String, String, String) {
        switch plane {
        case .axial: ("R", "L", "A", "P")
        case .coronal: ("R", "L", "S", "I")
        case .sagittal: ("A", "P", "S", "I")
        }
    }
}

extension CrossSection {
    /// A whole slice of a volume of the given extents.
    init(frame: SliceFrame, slice: Int, of shape: [Int]) {
        self.frame = frame
        self.slice = slice
        rows = 0...shape[frame.rowAxis] - 1
        columns = 0...shape[frame.columnAxis] - 1
    }
}

extension CutOut {
    /// The value between pixels (bilinear); `column` and `row` lie inside the picture.
    func value(_ column: Double, _ row: Double) -> Float {
        let (x, y) = (Int(column), Int(row))
        let (u, v) = (Float(column - Double(x)), Float(row - Double(y)))
        let right = min(x + 1, width - 1)
        let below = min(y + 1, height - 1) * width
        let top = pixels[y * width + x] * (1 - u) + pixels[y * width + right] * u
        let bottom = pixels[below + x] * (1 - u) + pixels[below + right] * u
        return top * (1 - v) + bottom * v
    }
}

internal import Contracts
internal import Imaging
internal import Tensors

/// A patch as a picture: plain, and beside it with the lesion's outline and the heat map.
struct PatchPicture {
    /// Side of one panel in pixels.
    private static let side = 256
    private static let gap = 6

    /// The middle slice of one channel, rows from the top.
    private let gray: [Float]
    private let heat: [Float]
    private let mask: [Float]?
    private let height: Int
    private let width: Int

    /// - Parameters:
    ///   - input: [C, D, H, W] or [C, H, W].
    ///   - heat: [D, H, W] or [H, W], 0 to 1.
    ///   - channel: which channel is shown.
    init(_ input: ExampleInput, heat: Tensor, channel: Int) {
        let extents = Array(input.tensor.shape.dropFirst())
        let isVolume = extents.count == 3
        let (height, width) = (extents[extents.count - 2], extents[extents.count - 1])
        self.height = height
        self.width = width
        // A volume's samples run right, anterior and superior: seen from the feet, right is left and front is top.
        func plane(_ values: [Float], offset: Int) -> [Float] {
            let start = offset + (isVolume ? extents[0] / 2 * height * width : 0)
            let slice = Array(values[start..<start + height * width])
            return isVolume ? slice.reversed() : slice
        }
        let size = extents.reduce(1, *)
        gray = plane(input.tensor.floats(), offset: channel * size)
        self.heat = plane(heat.floats(), offset: 0)
        mask = input.mask.map { plane($0.floats(), offset: 0) }
    }

    /// A PNG file of both panels.
    ///
    /// - Throws: `ImagingError` where it cannot be deflated.
    func png() throws -> [UInt8] {
        let side = Self.side
        var canvas = ColorCanvas(width: 2 * side + Self.gap, height: side, color: Color(255, 255, 255))
        let window = self.window
        for y in 0..<side {
            for x in 0..<side {
                let place = SIMD2(
                    (Double(x) + 0.5) * Double(width) / Double(side) - 0.5,
                    (Double(y) + 0.5) * Double(height) / Double(side) - 0.5)
                let value = (Double(sample(gray, place)) - window.lower) / (window.upper - window.lower)
                let level = UInt8(min(max(value, 0), 1) * 255)
                for left in [0, side + Self.gap] { canvas.blend(left + x, y, .gray(level)) }
                let heat = Double(sample(heat, place))
                canvas.blend(side + Self.gap + x, y, HeatColors.color(heat), HeatColors.share(heat))
                if let mask, isEdge(mask, place) {
                    for left in [0, side + Self.gap] { canvas.blend(left + x, y, Color(40, 220, 90), 1) }
                }
            }
        }
        return try canvas.png()
    }

    /// From the 1st to the 99th percentile of the slice.
    private var window: (lower: Double, upper: Double) {
        let sorted = gray.sorted()
        guard let last = sorted.last else { return (0, 1) }
        let lower = Double(sorted[sorted.count / 100])
        let upper = Double(sorted[min(sorted.count - 1, sorted.count * 99 / 100)])
        return upper > lower ? (lower, upper) : (Double(last) - 1, Double(last))
    }

    /// Bilinear, clamped at the border.
    private func sample(_ values: [Float], _ place: SIMD2<Double>) -> Float {
        let x = min(max(place.x, 0), Double(width - 1))
        let y = min(max(place.y, 0), Double(height - 1))
        let (left, top) = (Int(x), Int(y))
        let (right, bottom) = (min(left + 1, width - 1), min(top + 1, height - 1))
        let (fx, fy) = (Float(x - Double(left)), Float(y - Double(top)))
        let upper = values[top * width + left] * (1 - fx) + values[top * width + right] * fx
        let lower = values[bottom * width + left] * (1 - fx) + values[bottom * width + right] * fx
        return upper * (1 - fy) + lower * fy
    }

    /// Whether the outline, where the mask is a half, passes here.
    private func isEdge(_ mask: [Float], _ place: SIMD2<Double>) -> Bool {
        let step = SIMD2(Double(width), Double(height)) / Double(Self.side) * 1.2
        let here = sample(mask, place) >= 0.5
        return [SIMD2(step.x, 0), SIMD2(-step.x, 0), SIMD2(0, step.y), SIMD2(0, -step.y)].contains {
            (sample(mask, place + $0) >= 0.5) != here
        }
    }
}

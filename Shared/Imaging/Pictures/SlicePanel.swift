/// One picture of a figure: anatomy in a view, with what is to be shown on it.
package struct SlicePanel: Sendable {
    package var view: SliceView
    /// The image, and which of its values are black and white.
    package var volume: Volume
    package var window: ClosedRange<Double>
    package var region: Region?
    /// 0 to 1; what is outside its grid is not colored.
    package var heatmap: Volume?
    /// A square in mm around the view's middle, drawn as corners: what a closer view shows.
    package var closeUp: Double?
    /// In the upper left corner; lines end with a line feed.
    package var caption: String

    package init(
        view: SliceView, volume: Volume, window: ClosedRange<Double>, region: Region? = nil, heatmap: Volume? = nil,
        closeUp: Double? = nil, caption: String
    ) {
        self.view = view
        self.volume = volume
        self.window = window
        self.region = region
        self.heatmap = heatmap
        self.closeUp = closeUp
        self.caption = caption
    }

    package static let outlineColor = Color(64, 224, 255)
    private static let letterColor = Color(255, 230, 120)

    /// Draws it, `width` pixels wide; pixels are square in mm.
    package func painted(width: Int) -> ColorCanvas {
        let height = max(1, Int((Double(width) * view.extent.y / view.extent.x).rounded()))
        var canvas = ColorCanvas(width: width, height: height)
        paintAnatomy(&canvas)
        paintHeat(&canvas)
        if let region {
            for (a, b) in OutlineSegments(region, view, width: width, height: height).segments {
                canvas.line(a, b, Self.outlineColor, thickness: 1.6, share: 0.95)
            }
        }
        if let closeUp { paintCorners(&canvas, side: closeUp) }
        paintLetters(&canvas)
        paintScale(&canvas)
        for (index, line) in caption.split(separator: "\n").enumerated() {
            canvas.write(String(line), x: 6, y: 6 + index * BitmapFont.lineHeight, scale: 1, hasRim: true)
        }
        return canvas
    }

    private func paintAnatomy(_ canvas: inout ColorCanvas) {
        let samples = ViewSamples(volume, view, width: canvas.width, height: canvas.height)
        let scale = 255 / max(window.upperBound - window.lowerBound, .leastNormalMagnitude)
        for y in 0..<canvas.height {
            for x in 0..<canvas.width {
                let value = samples.values[y * canvas.width + x]
                guard !value.isNaN else { continue }
                let level = min(max((Double(value) - window.lowerBound) * scale, 0), 255)
                canvas.blend(x, y, .gray(UInt8(level.rounded())))
            }
        }
    }

    private func paintHeat(_ canvas: inout ColorCanvas) {
        guard let heatmap else { return }
        let samples = ViewSamples(heatmap, view, width: canvas.width, height: canvas.height)
        let (width, height) = (canvas.width, canvas.height)
        for y in 0..<height {
            for x in 0..<width {
                let value = samples.values[y * width + x]
                guard !value.isNaN else { continue }
                canvas.blend(x, y, HeatColors.color(Double(value)), HeatColors.share(Double(value)))
                // The rim of what the network was shown, dashed.
                let isRim = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)].contains { place in
                    0..<width ~= place.0 && 0..<height ~= place.1 && samples.values[place.1 * width + place.0].isNaN
                }
                if isRim, (x + y) / 4 % 2 == 0 { canvas.blend(x, y, .white, 0.6) }
            }
        }
    }

    private func paintCorners(_ canvas: inout ColorCanvas, side: Double) {
        let pixel = view.extent.x / Double(canvas.width)
        let middle = SIMD2(Double(canvas.width - 1) / 2, Double(canvas.height - 1) / 2)
        let half = side / 2 / pixel
        for (sx, sy) in [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)] {
            let corner = middle + SIMD2(sx, sy) * half
            let arm = min(10, half / 2)
            canvas.line(corner, corner - SIMD2(sx * arm, 0), .white, thickness: 1.2, share: 0.8)
            canvas.line(corner, corner - SIMD2(0, sy * arm), .white, thickness: 1.2, share: 0.8)
        }
    }

    private func paintLetters(_ canvas: inout ColorCanvas) {
        let letters = view.letters
        let (width, height) = (canvas.width, canvas.height)
        func write(_ text: String, _ x: Int, _ y: Int) {
            canvas.write(text, x: x, y: y, Self.letterColor, scale: 2, hasRim: true)
        }
        write(letters.left, 6, height / 2 - 7)
        write(letters.right, width - 6 - BitmapFont.width(of: letters.right), height / 2 - 7)
        write(letters.top, width / 2 - BitmapFont.width(of: letters.top) / 2, 5)
        write(letters.bottom, width / 2 - BitmapFont.width(of: letters.bottom) / 2, height - 20)
    }

    /// A bar of 1, 2 or 5 times a power of ten mm, at most a third of the width.
    private func paintScale(_ canvas: inout ColorCanvas) {
        let pixel = view.extent.x / Double(canvas.width)
        let lengths = [1.0, 2, 5, 10, 20, 50, 100, 200]
        guard let length = lengths.last(where: { $0 / pixel <= Double(canvas.width) / 3.2 }) else { return }
        let pixels = Int((length / pixel).rounded())
        let text = "\(Int(length)) mm"
        let (x, y) = (canvas.width - 8 - pixels, canvas.height - 9)
        canvas.fill(x: x - 1, y: y - 1, width: pixels + 2, height: 5, .black, share: 0.7)
        canvas.fill(x: x, y: y, width: pixels, height: 3, .white)
        canvas.write(
            text, x: x + pixels - BitmapFont.width(of: text, scale: 1), y: y - 12, scale: 1, hasRim: true)
    }
}

/// A plot with its axes, 360 × 330 units: text is 12 units high, so that it can be read on a telephone.
struct PlotFrame {
    struct Axis {
        var title: String
        var lower: Double
        var upper: Double
        var ticks: [Double]
        var digits = 1
    }

    static let width = 360.0
    static let height = 330.0
    private static let left = 52.0
    private static let right = 14.0
    private static let top = 14.0
    private static let bottom = 48.0

    let x: Axis
    let y: Axis
    /// What the plot shows, for those who do not see it.
    let label: String
    private var content = ""

    init(x: Axis, y: Axis, label: String) {
        self.x = x
        self.y = y
        self.label = label
    }

    /// Styles of lines that differ in gray as well.
    static let dashes = ["", "7 4", "2 3", "9 3 2 3"]

    static func color(_ index: Int) -> String { "var(--line\(index % 6 + 1))" }

    private func place(_ point: SIMD2<Double>) -> SIMD2<Double> {
        let across = (point.x - x.lower) / (x.upper - x.lower)
        let along = (point.y - y.lower) / (y.upper - y.lower)
        return SIMD2(
            Self.left + across * (Self.width - Self.left - Self.right),
            Self.height - Self.bottom - along * (Self.height - Self.top - Self.bottom))
    }

    private func written(_ points: [SIMD2<Double>]) -> String {
        points.map { point in
            let place = place(point)
            return "\(Digits.coordinate(place.x)),\(Digits.coordinate(place.y))"
        }.joined(separator: " ")
    }

    mutating func line(
        _ points: [SIMD2<Double>], color: String, dash: String = "", width: Double = 2, opacity: Double = 1
    ) {
        guard points.count > 1 else { return }
        content += Markup.empty(
            "polyline",
            [
                ("points", written(points)), ("fill", "none"), ("stroke", color), ("stroke-width", "\(width)"),
                ("stroke-linejoin", "round"), ("stroke-dasharray", dash.isEmpty ? "none" : dash),
                ("opacity", "\(opacity)"),
            ])
    }

    /// The area between two lines.
    mutating func band(_ lower: [SIMD2<Double>], _ upper: [SIMD2<Double>], color: String) {
        guard lower.count > 1 else { return }
        content += Markup.empty(
            "polygon",
            [
                ("points", written(upper + lower.reversed())), ("fill", color), ("fill-opacity", "0.13"),
                ("stroke", "none"),
            ])
    }

    mutating func dot(_ point: SIMD2<Double>, color: String, radius: Double = 4, isFilled: Bool = true) {
        let place = place(point)
        content += Markup.empty(
            "circle",
            [
                ("cx", Digits.coordinate(place.x)), ("cy", Digits.coordinate(place.y)), ("r", "\(radius)"),
                ("fill", isFilled ? color : "var(--paper)"), ("stroke", color), ("stroke-width", "1.5"),
            ])
    }

    /// A mark of a shape of its own for each reader.
    mutating func diamond(_ point: SIMD2<Double>, color: String) {
        let place = place(point)
        let corners = [(0.0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0)].map {
            "\(Digits.coordinate(place.x + $0.0)),\(Digits.coordinate(place.y + $0.1))"
        }
        content += Markup.empty(
            "polygon",
            [
                ("points", corners.joined(separator: " ")), ("fill", "var(--paper)"), ("stroke", color),
                ("stroke-width", "2"),
            ])
    }

    mutating func text(_ text: String, at point: SIMD2<Double>, dx: Double = 0, dy: Double = 0, anchor: String) {
        let place = place(point)
        content += Markup.element(
            "text",
            [
                ("x", Digits.coordinate(place.x + dx)), ("y", Digits.coordinate(place.y + dy)),
                ("text-anchor", anchor), ("fill", "var(--ink)"), ("font-size", "12"),
            ], Markup.escaped(text))
    }

    /// The plot as an element of its own.
    func svg() -> String {
        var axes = ""
        let (floor, side) = (Self.height - Self.bottom, Self.left)
        for tick in x.ticks {
            let at = place(SIMD2(tick, y.lower))
            axes += Self.rule(at.x, Self.top, at.x, floor, "grid") + Self.rule(at.x, floor, at.x, floor + 5, "axis")
            axes += Self.label(Digits.fixed(tick, x.digits), at.x, floor + 19, "middle")
        }
        for tick in y.ticks {
            let at = place(SIMD2(x.lower, tick))
            axes += Self.rule(side, at.y, Self.width - Self.right, at.y, "grid")
            axes += Self.rule(side - 5, at.y, side, at.y, "axis")
            axes += Self.label(Digits.fixed(tick, y.digits), side - 8, at.y + 4, "end")
        }
        axes +=
            Self.rule(side, floor, Self.width - Self.right, floor, "axis")
            + Self.rule(side, Self.top, side, floor, "axis")
        let middle = (side + Self.width - Self.right) / 2
        axes += Self.label(x.title, middle, Self.height - 8, "middle")
        let center = (Self.top + floor) / 2
        axes += Markup.element(
            "text",
            [
                ("x", "14"), ("y", "\(center)"), ("text-anchor", "middle"), ("fill", "var(--ink)"),
                ("font-size", "12"), ("transform", "rotate(-90 14 \(center))"),
            ], Markup.escaped(y.title))
        // What leaves the frame is cut at its edge.
        let clip =
            "<clipPath id=\"\(identifier)\">"
            + Markup.empty(
                "rect",
                [
                    ("x", "\(side - 6)"), ("y", "\(Self.top - 6)"), ("width", "\(Self.width - Self.right - side + 12)"),
                    ("height", "\(floor - Self.top + 12)"),
                ]) + "</clipPath>"
        return Markup.element(
            "svg",
            [
                ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", "0 0 \(Int(Self.width)) \(Int(Self.height))"),
                ("role", "img"), ("aria-label", label), ("class", "plot"),
            ], clip + axes + Markup.element("g", [("clip-path", "url(#\(identifier))")], content))
    }

    /// The same for the same plot: the page does not change from run to run.
    private var identifier: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in (label + content).utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return "clip\(hash)"
    }

    private static func rule(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ kind: String) -> String {
        Markup.empty(
            "line",
            [
                ("x1", Digits.coordinate(x1)), ("y1", Digits.coordinate(y1)), ("x2", Digits.coordinate(x2)),
                ("y2", Digits.coordinate(y2)), ("stroke", "var(--\(kind))"), ("stroke-width", "1"),
            ])
    }

    private static func label(_ text: String, _ x: Double, _ y: Double, _ anchor: String) -> String {
        Markup.element(
            "text",
            [
                ("x", Digits.coordinate(x)), ("y", Digits.coordinate(y)), ("text-anchor", anchor),
                ("fill", "var(--ink)"), ("font-size", "12"),
            ], Markup.escaped(text))
    }
}

extension PlotFrame.Axis {
    static func unit(_ title: String) -> PlotFrame.Axis {
        PlotFrame.Axis(title: title, lower: 0, upper: 1, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1])
    }

    /// From 0, or the least value, to a little above the greatest, with about five ticks at round numbers.
    static func fitting(_ title: String, _ values: [Double], fromZero: Bool = false) -> PlotFrame.Axis {
        let finite = values.filter(\.isFinite)
        let low = fromZero ? 0 : finite.min() ?? 0
        let high = max(finite.max() ?? 1, low + max(1e-6, abs(low) * 1e-3))
        var step = 1e-6
        var factors = [2.0, 2.5, 2].makeIterator()
        var digits = 6
        while (high - low) / step > 6 {
            guard let factor = factors.next() else {
                factors = [2.0, 2.5, 2].makeIterator()
                continue
            }
            step *= factor
        }
        while digits > 0, (step * pow10(digits - 1)).rounded() - step * pow10(digits - 1) < 1e-9,
            (step * pow10(digits - 1)).rounded() - step * pow10(digits - 1) > -1e-9
        {
            digits -= 1
        }
        let first = (low / step).rounded(.down)
        let last = (high / step).rounded(.up)
        let ticks = (0...Int(last - first)).map { (first + Double($0)) * step }
        return PlotFrame.Axis(title: title, lower: first * step, upper: last * step, ticks: ticks, digits: digits)
    }

    private static func pow10(_ exponent: Int) -> Double { (0..<exponent).reduce(1.0) { value, _ in value * 10 } }
}

/// From a heat map's value to a color and how much of it lies over the image.
package enum HeatColors {
    /// Dark red over orange and yellow to white: brightness grows with the value, so that it reads in gray too.
    package static func color(_ value: Double) -> Color {
        let stops: [(Double, Double, Double)] = [
            (60, 0, 30), (150, 10, 40), (225, 60, 20), (250, 150, 20), (255, 225, 80), (255, 255, 220),
        ]
        let place = min(max(value, 0), 1) * Double(stops.count - 1)
        let index = min(Int(place), stops.count - 2)
        let share = place - Double(index)
        let (a, b) = (stops[index], stops[index + 1])
        func mix(_ x: Double, _ y: Double) -> UInt8 { UInt8((x + (y - x) * share).rounded()) }
        return Color(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
    }

    /// Nothing where the map is near 0: there the anatomy is to be seen.
    package static func share(_ value: Double) -> Double {
        let shown = min(max((value - 0.08) / 0.4, 0), 1)
        return 0.6 * shown
    }
}

/// Numbers as tables show them.
enum NumberText {
    /// With `decimals` places after the point, rounded half away from zero; `nan` and `inf` by name.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite else { return "\(value)" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = (abs(value) * scale).rounded(.toNearestOrAwayFromZero)
        // Beyond 2^53 a Double has no fraction to show.
        guard scaled < 9e15 else { return "\(value)" }
        let units = Int64(scaled)
        let sign = value < 0 && units != 0 ? "-" : ""
        guard decimals > 0 else { return sign + String(units) }
        let (whole, part) = units.quotientAndRemainder(dividingBy: Int64(scale))
        let digits = String(part)
        return sign + String(whole) + "." + String(repeating: "0", count: decimals - digits.utf8.count) + digits
    }

    /// A share as a percentage: 0.666 is `67%`.
    static func percent(_ share: Double) -> String { fixed(share * 100, 0) + "%" }

    /// Bytes in the largest binary unit that gives a number of 1 or more.
    static func bytes(_ count: Int) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(count)
        var index = 0
        while value >= 1024, index < units.count - 1 {
            value /= 1024
            index += 1
        }
        return (index == 0 ? String(count) : fixed(value, 1)) + " " + units[index]
    }

    /// A span of time in its largest unit: `45s`, `12m`, `3h`, `9d`.
    static func span(seconds: Int64) -> String {
        switch seconds {
        case ..<120: "\(max(0, seconds))s"
        case ..<7_200: "\(seconds / 60)m"
        case ..<172_800: "\(seconds / 3_600)h"
        default: "\(seconds / 86_400)d"
        }
    }

    /// Milliseconds, from one second on as seconds.
    static func milliseconds(_ value: Double) -> String {
        value < 1000 ? fixed(value, value < 10 ? 1 : 0) + " ms" : fixed(value / 1000, 2) + " s"
    }
}

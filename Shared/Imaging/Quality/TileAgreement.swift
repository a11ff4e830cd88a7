/// Whether the places of a slice agree that a step to the next one is twice as long as the steps around it.
///
/// Where a slice is missing, everything has changed as much as over two steps; where an organ begins or ends, only its
/// own place has. The slices are divided into tiles, and in each the mean squared difference of the two slices is read
/// as a distance, off those of the pairs of slices nearby, one to four slices apart.
struct TileAgreement {
    private static let side = 4
    /// Tiles with fewer pixels of foreground tell nothing,
    private static let leastPixels = 40
    /// and fewer tiles than this do not decide.
    private static let leastTiles = 6
    /// Pairs of slices as far from the step as this are compared with it.
    private static let reach = 4
    private static let farthest = 4
    /// A step looks too long where it seems longer by more than this many slices,
    private static let excess = 0.3
    /// and this share of the tiles must say so.
    private static let leastShare = 0.55

    /// Every slice in reach: the two of the step are `step` and `step + 1`.
    private let pictures: [SlicePicture]
    private let step: Int
    private let foreground: Float

    /// - Parameters:
    ///   - stack: the series' slices.
    ///   - step: the number of the slice before the step, from 0.
    ///   - coarseness: every so manieth pixel is taken.
    ///   - foreground: what is above it is object.
    init(_ stack: AcquiredSlices, step: Int, coarseness: Int, foreground: Float) {
        let numbers = max(0, step - Self.reach)..<min(stack.count, step + 2 + Self.reach)
        pictures = numbers.map { stack.picture($0, step: coarseness) }
        self.step = step - numbers.lowerBound
        self.foreground = foreground
    }

    /// Whether most tiles that can tell say that the step is too long.
    var isLong: Bool {
        guard let first = pictures.first else { return false }
        var (asked, agreeing) = (0, 0)
        for row in 0..<Self.side {
            for column in 0..<Self.side {
                let rows = row * first.height / Self.side..<(row + 1) * first.height / Self.side
                let columns = column * first.width / Self.side..<(column + 1) * first.width / Self.side
                guard let excess = excess(rows, columns) else { continue }
                asked += 1
                agreeing += excess > Self.excess ? 1 : 0
            }
        }
        return asked >= Self.leastTiles && Double(agreeing) >= Self.leastShare * Double(asked)
    }

    /// By how many slices the step seems longer than one, in one tile: the least of what the step itself and the two
    /// pairs two slices apart say that it lies in. nil where the tile cannot tell.
    private func excess(_ rows: Range<Int>, _ columns: Range<Int>) -> Double? {
        let scale = (1...Self.farthest).map { distance in
            median(
                pairs(distance).filter { !($0 <= step && step < $0 + distance) }
                    .compactMap { difference($0, distance, rows, columns) }, least: distance == 1 ? 3 : 2)
        }
        // Where noise outweighs anatomy, two steps are no longer than one.
        guard let one = scale[0], let two = scale[1], let three = scale[2], two > 1.15 * one, three > two else {
            return nil
        }
        var known = [one, two, three]
        if let four = scale[3], four > three { known.append(four) }
        var excess = Double.infinity
        for distance in 1...2 {
            for start in step - distance + 1...step {
                guard pairs(distance).contains(start), let value = difference(start, distance, rows, columns) else {
                    return nil
                }
                excess = min(excess, Self.distance(value, known) - Double(distance))
            }
        }
        return excess
    }

    private func pairs(_ distance: Int) -> Range<Int> { 0..<max(0, pictures.count - distance) }

    /// How many slices apart two slices seem that differ by this.
    ///
    /// - Parameters:
    ///   - value: their mean squared difference.
    ///   - known: those of slices one, two and more apart; ascending.
    /// - Returns: between them linear, beyond the last one in the same steps.
    private static func distance(_ value: Double, _ known: [Double]) -> Double {
        guard let upper = known.firstIndex(where: { $0 >= value }) else {
            let last = known[known.count - 1]
            return Double(known.count) + (value - last) / (last - known[known.count - 2])
        }
        guard upper > 0 else { return 1 }
        return Double(upper) + (value - known[upper - 1]) / (known[upper] - known[upper - 1])
    }

    private func median(_ values: [Double], least: Int) -> Double? {
        guard values.count >= least else { return nil }
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// Mean squared difference over what is foreground in either slice.
    private func difference(_ start: Int, _ distance: Int, _ rows: Range<Int>, _ columns: Range<Int>) -> Double? {
        let (a, b) = (pictures[start], pictures[start + distance])
        var (count, sum) = (0, 0.0)
        for y in rows {
            for index in y * a.width + columns.lowerBound..<y * a.width + columns.upperBound {
                let (u, v) = (a.pixels[index], b.pixels[index])
                guard u > foreground || v > foreground else { continue }
                count += 1
                sum += Double(u - v) * Double(u - v)
            }
        }
        return count >= Self.leastPixels ? sum / Double(count) : nil
    }
}

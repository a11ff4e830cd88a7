/// One outline as ImageJ draws it: on a picture whose pixel (x, y) covers the square from (x, y) to (x + 1, y + 1), x
/// to the right and y downward.
package struct ImageJContour: Sendable, Equatable {
    package enum Outline: Sendable, Equatable {
        /// A closed polygon (polygon, freehand and traced selections); at least three corners.
        case polygon([SIMD2<Double>])
        /// Left, top, width, height.
        case rectangle(x: Double, y: Double, width: Double, height: Double)
        /// The ellipse inside that rectangle.
        case oval(x: Double, y: Double, width: Double, height: Double)
    }

    package let outline: Outline
    /// The slice of the stack that it was drawn on, counted from 1; nil where the file does not say.
    package let slice: Int?
}

/// A stretch of pixels of one row of a picture.
package struct PixelRun: Sendable, Equatable {
    package let y: Int
    /// Half open: `x.lowerBound` to before `x.upperBound`.
    package let x: Range<Int>

    package init(y: Int, x: Range<Int>) {
        self.y = y
        self.x = x
    }
}

extension ImageJContour {
    /// The pixels whose centers lie inside, row by row, as ImageJ (1.52u and later) fills a selection.
    ///
    /// Centers exactly on an edge to the left are outside, on one to the right inside; on a horizontal edge above
    /// inside, below outside. Corners are counted even-odd. An oval has the centers for which
    /// (dx / a)² + (dy / b)² ≤ 1.
    ///
    /// - Parameters:
    ///   - width: of the picture; what lies beyond is cut off.
    ///   - height: of the picture.
    /// - Returns: runs in order, none touching another of its row.
    package func pixels(width: Int, height: Int) -> [PixelRun] {
        switch outline {
        case .polygon(let corners):
            return Self.filled(corners, width, height)
        case .rectangle(let x, let y, let w, let h):
            let columns = Self.first(x)..<max(Self.first(x), Self.first(x + w))
            return (Self.first(y)..<max(Self.first(y), Self.first(y + h))).compactMap {
                Self.run($0, columns, width, height)
            }
        case .oval(let x, let y, let w, let h):
            let (a, b) = (w / 2, h / 2)
            return (Self.first(y)..<max(Self.first(y), Self.first(y + h))).compactMap { row in
                let dy = (Double(row) + 0.5 - y - b) / b
                guard dy * dy <= 1 else { return nil }
                let reach = a * (1 - dy * dy).squareRoot()
                let low = (x + a - reach - 0.5 - 1e-9).rounded(.up)
                let high = (x + a + reach - 0.5 + 1e-9).rounded(.down)
                guard low <= high else { return nil }
                return Self.run(row, Int(low)..<Int(high) + 1, width, height)
            }
        }
    }

    /// The first pixel whose center lies at or beyond an edge.
    private static func first(_ edge: Double) -> Int { Int((edge - 0.5).rounded(.up)) }

    private static func run(_ y: Int, _ x: Range<Int>, _ width: Int, _ height: Int) -> PixelRun? {
        let (low, high) = (max(0, x.lowerBound), min(width, x.upperBound))
        return 0..<height ~= y && low < high ? PixelRun(y: y, x: low..<high) : nil
    }

    private static func filled(_ corners: [SIMD2<Double>], _ width: Int, _ height: Int) -> [PixelRun] {
        var crossings: [Int: [Double]] = [:]
        for index in corners.indices {
            var (a, b) = (corners[index], corners[(index + 1) % corners.count])
            if a.y > b.y { (a, b) = (b, a) }
            let slope = (b.x - a.x) / (b.y - a.y)
            for row in max(0, first(a.y))..<max(0, min(height, first(b.y)), first(a.y)) where row < height {
                // Moved a little, so that a center on an edge falls to the same side however the edge was computed.
                crossings[row, default: []].append(a.x + (Double(row) + 0.5 - a.y) * slope + 1e-8)
            }
        }
        var runs: [PixelRun] = []
        for row in crossings.keys.sorted() {
            let sorted = (crossings[row] ?? []).sorted()
            for pair in stride(from: 0, to: sorted.count - 1, by: 2) {
                let low = Int((sorted[pair] + 0.5).rounded(.down))
                let high = Int((sorted[pair + 1] + 0.5).rounded(.down))
                guard low < high, let run = run(row, low..<high, width, height) else { continue }
                if let last = runs.last, last.y == row, last.x.upperBound >= run.x.lowerBound {
                    runs[runs.count - 1] = PixelRun(y: row, x: last.x.lowerBound..<run.x.upperBound)
                } else {
                    runs.append(run)
                }
            }
        }
        return runs
    }
}

/// Control points of a cubic B-spline over a box, as many spans along each axis; the box's first and last voxels are its
/// ends.
struct SplineLattice: Sendable {
    let spans: Int
    /// Control points along each axis: three more than spans.
    let side: Int
    /// x fastest.
    var values: [Float]

    init(spans: Int) {
        self.spans = spans
        side = spans + 3
        values = [Float](repeating: 0, count: side * side * side)
    }

    mutating func add(_ other: SplineLattice) {
        for index in values.indices { values[index] += other.values[index] }
    }
}

/// Where the voxels of one axis lie in a lattice: for each its span, how far into it, and the four weights.
struct SplineAxis: Sendable {
    let cells: [Int]
    let fractions: [Float]
    let weights: [SIMD4<Float>]
    /// The voxels of each span.
    let ranges: [Range<Int>]

    init(count: Int, spans: Int) {
        var cells: [Int] = []
        var fractions: [Float] = []
        for index in 0..<count {
            let position = count > 1 ? Double(index) / Double(count - 1) * Double(spans) : 0
            let cell = min(Int(position), spans - 1)
            cells.append(cell)
            fractions.append(Float(position - Double(cell)))
        }
        self.cells = cells
        self.fractions = fractions
        weights = fractions.map { CubicWeights($0).lanes }
        ranges = (0..<spans).map { span in
            let first = cells.firstIndex { $0 >= span } ?? count
            return first..<(cells.firstIndex { $0 > span } ?? count)
        }
    }
}

/// Evaluates a lattice row by row: a cubic polynomial in each span.
struct SplineRows: Sendable {
    let lattice: SplineLattice
    let axes: [SplineAxis]

    init(_ lattice: SplineLattice, shape: [Int]) {
        self.lattice = lattice
        axes = shape.map { SplineAxis(count: $0, spans: lattice.spans) }
    }

    /// The lattice's values for one plane: `side × side`.
    func plane(_ z: Int) -> [Float] {
        let size = lattice.side * lattice.side
        let (cell, weights) = (axes[2].cells[z], axes[2].weights[z])
        return [Float](unsafeUninitializedCapacity: size) { plane, count in
            for index in 0..<size {
                var sum: Float = 0
                for tap in 0..<4 { sum += lattice.values[(cell + tap) * size + index] * weights[tap] }
                plane[index] = sum
            }
            count = size
        }
    }

    /// The polynomial of each span of a row: constant, linear, quadratic and cubic coefficient.
    func polynomials(_ plane: [Float], _ y: Int, into polynomials: inout [SIMD4<Float>]) {
        let side = lattice.side
        let (cell, weights) = (axes[1].cells[y], axes[1].weights[y])
        polynomials.removeAll(keepingCapacity: true)
        func control(_ x: Int) -> Float {
            var sum: Float = 0
            for tap in 0..<4 { sum += plane[(cell + tap) * side + x] * weights[tap] }
            return sum
        }
        var (a, b, c) = (control(0), control(1), control(2))
        for span in 0..<lattice.spans {
            let d = control(span + 3)
            let cubic: Float = (d - a) / 6 + (b - c) / 2
            polynomials.append(SIMD4((a + 4 * b + c) / 6, (c - a) / 2, (a - 2 * b + c) / 2, cubic))
            (a, b, c) = (b, c, d)
        }
    }

    /// The values of a row.
    func row(_ polynomials: [SIMD4<Float>], into row: UnsafeMutablePointer<Float>) {
        axes[0].fractions.withUnsafeBufferPointer { fractions in
            for (span, range) in axes[0].ranges.enumerated() {
                let p = polynomials[span]
                let (p0, p1, p2, p3) = (p.x, p.y, p.z, p.w)
                for x in range {
                    let t = fractions[x]
                    row[x] = ((p3 * t + p2) * t + p1) * t + p0
                }
            }
        }
    }
}

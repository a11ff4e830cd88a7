internal import Glibc

/// What each logarithm would be without a bias field: the expected true value, given the measured one.
///
/// The histogram (triangular windows) is deconvolved by a Gaussian with a Wiener filter; the outcome, cut at 0, is taken
/// for the true distribution (Sled 1998, equations 9 to 13; Tustison 2010).
struct HistogramSharpening: Sendable {
    let lowest: Float
    /// Bins per unit of logarithm.
    let scale: Float
    /// For each bin's middle: measured less expected.
    let residuals: [Float]

    /// nil where all voxels are equal.
    init?(_ state: BiasFieldState, _ settings: BiasFieldCorrection) {
        guard state.highest > state.lowest else { return nil }
        let bins = settings.histogramBins
        let slope = (Double(state.highest) - Double(state.lowest)) / Double(bins - 1)
        lowest = state.lowest
        scale = Float(1 / slope)
        let histogram = Self.histogram(state, bins: bins, scale: scale)
        let expected = Self.expectation(histogram, Double(state.lowest), slope, settings)
        residuals = (0..<bins).map { Float(Double(state.lowest) + Double($0) * slope - expected[$0]) }
    }

    private static func histogram(_ state: BiasFieldState, bins: Int, scale: Float) -> [Double] {
        let parts = min(32, state.rowCount)
        let stride = bins + 8
        var all = [Float](repeating: 0, count: parts * 2 * stride)
        let lowest = state.lowest
        all.withUnsafeMutableBufferPointer { buffer in
            nonisolated(unsafe) let all = buffer.baseAddress!
            SliceTeam.perform(parts) { part in
                // Neighbors often fall into the same bin: two histograms in turn keep them from waiting for each other.
                let even = all + part * 2 * stride
                let odd = even + stride
                for row in part * state.rowCount / parts..<(part + 1) * state.rowCount / parts {
                    state.forEachRun(row) { line, run in
                        for x in run {
                            let position = (line[x] - lowest) * scale
                            let bin = Int(position)
                            let share = position - Float(bin)
                            let target = x & 1 == 0 ? even : odd
                            target[bin] += 1 - share
                            target[bin + 1] += share
                        }
                    }
                }
            }
        }
        return (0..<bins).map { bin in
            (0..<parts * 2).reduce(0.0) { $0 + Double(all[$1 * stride + bin]) }
        }
    }

    private static func expectation(
        _ histogram: [Double], _ lowest: Double, _ slope: Double, _ settings: BiasFieldCorrection
    ) -> [Double] {
        let bins = histogram.count
        var size = 2
        while size < 2 * bins { size *= 2 }
        let offset = (size - bins) / 2
        let transform = FourierTransform(size)
        var measured = [Complex](repeating: Complex(), count: size)
        for bin in 0..<bins { measured[bin + offset].real = histogram[bin] }
        transform.forward(&measured)
        let width = settings.fullWidthAtHalfMaximum / slope
        let exponent = 4 * log(2.0) / (width * width)
        let factor = 2 * (log(2.0) / Double.pi).squareRoot() / width
        var gaussian = [Complex](repeating: Complex(), count: size)
        for index in 0..<size {
            let distance = Double(min(index, size - index))
            gaussian[index].real = factor * exp(-distance * distance * exponent)
        }
        transform.forward(&gaussian)
        // The Gaussian is even, so its transform is real.
        for index in 0..<size {
            let value = gaussian[index].real
            measured[index] = measured[index] * (value / (value * value + settings.wienerNoise))
        }
        transform.backward(&measured)
        var numerator = [Complex](repeating: Complex(), count: size)
        var denominator = numerator
        for index in 0..<size {
            let density = max(measured[index].real, 0)
            numerator[index].real = (lowest + Double(index - offset) * slope) * density
            denominator[index].real = density
        }
        for isNumerator in [true, false] {
            var values = isNumerator ? numerator : denominator
            transform.forward(&values)
            for index in 0..<size { values[index] = values[index] * gaussian[index].real }
            transform.backward(&values)
            if isNumerator { numerator = values } else { denominator = values }
        }
        return (offset..<offset + bins).map {
            denominator[$0].real != 0 ? numerator[$0].real / denominator[$0].real : 0
        }
    }
}

struct Complex: Sendable {
    var real = 0.0
    var imaginary = 0.0

    static func * (left: Complex, right: Double) -> Complex {
        Complex(real: left.real * right, imaginary: left.imaginary * right)
    }
}

/// The discrete Fourier transform of a power of two of numbers (Cooley and Tukey).
struct FourierTransform {
    private let size: Int
    private let roots: [Complex]

    init(_ size: Int) {
        self.size = size
        roots = (0..<size / 2).map {
            let angle = -2 * Double.pi * Double($0) / Double(size)
            return Complex(real: cos(angle), imaginary: sin(angle))
        }
    }

    func forward(_ values: inout [Complex]) { transform(&values, sign: 1) }

    /// With the factor 1/size.
    func backward(_ values: inout [Complex]) {
        transform(&values, sign: -1)
        for index in values.indices { values[index] = values[index] * (1 / Double(size)) }
    }

    private func transform(_ values: inout [Complex], sign: Double) {
        var target = 0
        for index in 1..<size {
            var bit = size >> 1
            while target & bit != 0 {
                target ^= bit
                bit >>= 1
            }
            target |= bit
            if index < target { values.swapAt(index, target) }
        }
        var half = 1
        while half < size {
            let step = size / (2 * half)
            for start in stride(from: 0, to: size, by: 2 * half) {
                for index in 0..<half {
                    let root = roots[index * step]
                    let (a, b) = (values[start + index], values[start + index + half])
                    let real = b.real * root.real - b.imaginary * root.imaginary * sign
                    let imaginary = b.real * root.imaginary * sign + b.imaginary * root.real
                    values[start + index] = Complex(real: a.real + real, imaginary: a.imaginary + imaginary)
                    values[start + index + half] = Complex(real: a.real - real, imaginary: a.imaginary - imaginary)
                }
            }
            half *= 2
        }
    }
}

/// How strongly displaced copies of the object lie in the air around it.
///
/// Motion, pulsation and echo-planar phase errors repeat the object along the phase-encoding axis. For either in-plane
/// axis and each (cyclic) displacement, the air's signal is regressed on the displaced object's: the slope is the
/// ghost's amplitude as a share of the object's signal, the intercept takes the noise floor up. The largest slope
/// counts whose fit explains enough. (Ours; scanners' acceptance tests compare means of fixed areas of air instead.)
struct GhostEstimate {
    /// As a share of the object's signal.
    let amplitude: Double
    /// Pixels of displacement, and whether along rows (x) or columns (y).
    let displacement: Int
    let isAlongX: Bool

    /// Air must take up this share of a picture to be measured.
    private static let leastAir = 0.08
    /// And this share of it must hold something: a masked background tells nothing.
    private static let leastSignal = 0.5
    /// Squared correlation below which a slope is chance.
    private static let leastFit = 0.05
    /// A cut-out's background is no air.
    private static let leastExtent = 32

    /// nil where no air is seen: none at all, masked air, dark tissue in its stead, or fewer than 32 pixels along an axis.
    ///
    /// - Parameters:
    ///   - pictures: slices, coarse ones will do.
    ///   - noise: what was estimated on the object.
    ///   - object: values above it are the object, below it air or dark tissue.
    init?(_ pictures: [SlicePicture], noise: NoiseEstimate, object: Float) {
        // A ghost covers a part of the air; the rest of it holds noise alone, whose quarter point is 0.76 σ.
        let floor = Float(2 * noise.sigma + 0.01 * noise.signal)
        var best: (amplitude: Double, displacement: Int, isAlongX: Bool) = (0, 0, true)
        guard let first = pictures.first, min(first.width, first.height) >= Self.leastExtent else { return nil }
        let masked = pictures.compactMap { Masked($0, floor: floor, object: object) }
        guard !masked.isEmpty else { return nil }
        for isAlongX in [true, false] {
            let extent = isAlongX ? first.width : first.height
            for shift in extent / 8...extent - extent / 8 {
                var sums = Sums()
                for picture in masked { picture.add(to: &sums, shift: shift, isAlongX: isAlongX) }
                guard let slope = sums.slope(leastFit: Self.leastFit), slope > best.amplitude else { continue }
                best = (slope, shift, isAlongX)
            }
        }
        (amplitude, displacement, isAlongX) = best
    }

    /// A picture, its object alone, and where its air is.
    private struct Masked {
        let picture: SlicePicture
        let object: [Float]
        /// Row and column of the air's pixels, some way off the object.
        let air: [(y: Int, x: Int)]

        init?(_ picture: SlicePicture, floor: Float, object threshold: Float) {
            let (width, height) = (picture.width, picture.height)
            var near = [Bool](repeating: false, count: picture.pixels.count)
            for y in 0..<height {
                for x in 0..<width where picture.pixels[y * width + x] > threshold {
                    for dy in max(0, y - 2)...min(height - 1, y + 2) {
                        for dx in max(0, x - 2)...min(width - 1, x + 2) { near[dy * width + dx] = true }
                    }
                }
            }
            let isOpen = Self.open(near, width, height)
            var air: [(y: Int, x: Int)] = []
            var values: [Float] = []
            for y in 0..<height {
                for x in 0..<width where isOpen[y * width + x] {
                    air.append((y, x))
                    values.append(picture.pixels[y * width + x])
                }
            }
            guard Double(air.count) >= GhostEstimate.leastAir * Double(picture.pixels.count),
                Double(values.count { $0 > 0 }) >= GhostEstimate.leastSignal * Double(air.count), near.contains(true),
                let order = OrderStatistics(values), Float(order.percentile(25)) <= floor
            else { return nil }
            self.picture = picture
            self.air = air
            object = picture.pixels.map { $0 > threshold ? $0 : 0 }
        }

        /// What is seen from one of the picture's four sides: dark tissue within the object is not air.
        private static func open(_ near: [Bool], _ width: Int, _ height: Int) -> [Bool] {
            var open = [Bool](repeating: false, count: near.count)
            func sweep(_ indices: StrideTo<Int>) {
                for index in indices {
                    if near[index] { return }
                    open[index] = true
                }
            }
            for y in 0..<height {
                sweep(stride(from: y * width, to: (y + 1) * width, by: 1))
                sweep(stride(from: (y + 1) * width - 1, to: y * width - 1, by: -1))
            }
            for x in 0..<width {
                sweep(stride(from: x, to: near.count, by: width))
                sweep(stride(from: near.count - width + x, to: -1, by: -width))
            }
            return open
        }

        func add(to sums: inout Sums, shift: Int, isAlongX: Bool) {
            let (width, height) = (picture.width, picture.height)
            for (y, x) in air {
                let from =
                    isAlongX
                    ? y * width + (x + shift < width ? x + shift : x + shift - width)
                    : (y + shift < height ? y + shift : y + shift - height) * width + x
                sums.add(Double(object[from]), Double(picture.pixels[y * width + x]))
            }
        }
    }

    /// What a straight line needs.
    private struct Sums {
        private var (n, x, y, xx, xy, yy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        private var covered = 0.0

        @inline(__always)
        mutating func add(_ a: Double, _ b: Double) {
            n += 1
            x += a
            y += b
            xx += a * a
            xy += a * b
            yy += b * b
            covered += a > 0 ? 1 : 0
        }

        /// nil where the copy covers nearly all or nearly nothing of the air, and where the fit is chance.
        func slope(leastFit: Double) -> Double? {
            guard n > 200, covered > 0.05 * n, covered < 0.95 * n else { return nil }
            let (sxx, sxy, syy) = (xx - x * x / n, xy - x * y / n, yy - y * y / n)
            guard sxx > 0, syy > 0, sxy > 0, sxy * sxy >= leastFit * sxx * syy else { return nil }
            return sxy / sxx
        }
    }
}

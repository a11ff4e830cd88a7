/// The standard deviation of a series' noise, from the pictures themselves.
///
/// In each slice the 3×3 operator 1 −2 1 / −2 4 −2 / 1 −2 1 (Immerkær, Comput Vis Image Underst 1996;64:300) takes away
/// what is locally flat or sloping; on white noise of deviation σ it has the deviation 6σ. The median of its magnitude
/// over the foreground, divided by 0.6745, is taken instead of the mean (Donoho & Johnstone 1994), and pixels with the
/// steepest slopes are left out (as Tai & Yang do, 2008), so that edges do not count as noise: slope and operator are
/// uncorrelated on noise, so that leaving them out does not make it look smaller. Within the foreground a magnitude image's noise is as good as Gaussian; where a scanner has
/// interpolated, noise is correlated from pixel to pixel and the estimate is too low.
struct NoiseEstimate {
    /// In the unit of the volume's values.
    let sigma: Double
    /// Median of the foreground.
    let signal: Double

    /// Percent of the pixels, the flattest ones, on which noise is measured.
    private static let flatPercent = 50.0

    /// - Parameters:
    ///   - pictures: slices in full resolution.
    ///   - foreground: values above it are foreground.
    init?(_ pictures: [SlicePicture], foreground: Float) {
        var residuals: [Float] = []
        var slopes: [Float] = []
        var values: [Float] = []
        for picture in pictures where picture.width > 2 && picture.height > 2 {
            let width = picture.width
            picture.pixels.withUnsafeBufferPointer { pixels in
                for y in 1..<picture.height - 1 {
                    for x in 1..<width - 1 {
                        let c = y * width + x
                        guard pixels[c] > foreground else { continue }
                        let (a, b) = (c - width, c + width)
                        let corners = (pixels[a - 1], pixels[a + 1], pixels[b - 1], pixels[b + 1])
                        let sides = (pixels[a], pixels[b], pixels[c - 1], pixels[c + 1])
                        guard corners.0 > foreground, corners.1 > foreground, corners.2 > foreground,
                            corners.3 > foreground, sides.0 > foreground, sides.1 > foreground,
                            sides.2 > foreground, sides.3 > foreground
                        else { continue }
                        let cornerSum = corners.0 + corners.1 + corners.2 + corners.3
                        let sideSum = sides.0 + sides.1 + sides.2 + sides.3
                        residuals.append(abs(cornerSum - 2 * sideSum + 4 * pixels[c]))
                        let across = corners.1 + corners.3 - corners.0 - corners.2 + 2 * (sides.3 - sides.2)
                        let along = corners.2 + corners.3 - corners.0 - corners.1 + 2 * (sides.1 - sides.0)
                        slopes.append(across * across + along * along)
                        values.append(pixels[c])
                    }
                }
            }
        }
        guard residuals.count >= 64, let steepness = OrderStatistics(slopes), let levels = OrderStatistics(values)
        else {
            return nil
        }
        let limit = Float(steepness.percentile(Self.flatPercent))
        let flat = zip(residuals, slopes).filter { $0.1 <= limit }.map(\.0)
        guard let order = OrderStatistics(flat) else { return nil }
        sigma = order.percentile(50) / 6 / 0.6745
        signal = levels.percentile(50)
    }
}

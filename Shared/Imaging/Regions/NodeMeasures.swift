package import Contracts

/// A node's three criteria on its largest cross-section.
package struct NodeMeasures: Sendable, Equatable {
    package let plane: Plane
    /// See `NodeCriteria`; all three have no unit.
    package let borderIrregularity: Double
    package let signalHeterogeneity: Double
    package let roundness: Double

    /// Fewer pixels than these have no shape to speak of.
    static let fewestPixels = 12
    /// The rim is left out of the signal where at least so many pixels stay.
    private static let fewestInnerPixels = 16

    /// Measures a region in the plane that the series was acquired in; nil for a region without voxels on this grid (a
    /// box says nothing of a shape), and for one of fewer than 12 pixels.
    ///
    /// - Parameters:
    ///   - region: with voxels on the volume's own grid.
    ///   - volume: the series.
    ///   - plane: nil for the plane across the volume's longest voxel side.
    ///   - noise: standard deviation of the noise, in the unit of the volume's values.
    package init?(of region: Region, in volume: Volume, plane: Plane? = nil, noise: Double = 0) {
        let plane = plane ?? Plane.acquired(volume)
        guard let voxels = region.voxels, voxels.shape == volume.shape,
            voxels.affine.largestDifference(from: volume.affine, over: volume.shape) <= 0.1,
            let section = try? CrossSection(of: region, in: volume, plane: plane),
            let pixels = SectionPixels(voxels, section), pixels.pixels.count >= Self.fewestPixels
        else { return nil }
        let ellipse = pixels.ellipse
        self.plane = plane
        roundness = ellipse.short / ellipse.long
        borderIrregularity = Self.irregularity(pixels)
        signalHeterogeneity = Self.heterogeneity(pixels, volume, noise: noise)
    }

    /// Root mean square of (radius / ellipse's radius − 1) over the outline, the ellipse grown or shrunk to the
    /// section's area.
    ///
    /// A pixel side lies up to half a pixel off the true outline, evenly spread: along its normal that is a variance of
    /// h²/18 over all directions, which is taken off.
    private static func irregularity(_ pixels: SectionPixels) -> Double {
        let ellipse = pixels.ellipse
        let scale = (pixels.area / (Double.pi * ellipse.long * ellipse.short)).squareRoot()
        let (long, short) = (ellipse.long * scale, ellipse.short * scale)
        let border = pixels.border
        var sum = 0.0
        for point in border {
            let d = point - ellipse.center
            let along = d.x * ellipse.direction.x + d.y * ellipse.direction.y
            let across = -d.x * ellipse.direction.y + d.y * ellipse.direction.x
            let radius = (along * along / (long * long) + across * across / (short * short)).squareRoot()
            sum += (radius - 1) * (radius - 1)
        }
        let pixel = pixels.rowSpacing * pixels.columnSpacing
        return max(0, sum / Double(border.count) - pixel / 18 / (long * short)).squareRoot()
    }

    private static func heterogeneity(_ pixels: SectionPixels, _ volume: Volume, noise: Double) -> Double {
        let inner = pixels.inner
        let chosen = inner.count >= fewestInnerPixels ? inner : pixels.pixels
        let values = chosen.compactMap { pixel -> Float? in
            var place = [0, 0, 0]
            place[pixels.frame.sliceAxis] = pixels.slice
            place[pixels.frame.rowAxis] = pixel.row
            place[pixels.frame.columnAxis] = pixel.column
            guard let value = volume.value(place[0], place[1], place[2]) else { return nil }
            return Float(value)
        }
        let (mean, deviation) = IntensityStatistics.moments(values)
        guard mean > 0 else { return 0 }
        return max(0, deviation * deviation - noise * noise).squareRoot() / mean
    }
}

extension NodeMeasures {
    /// The criteria as results carry them.
    package func criteria(shortAxisMM: Double, settings: NodeCriteriaSettings = NodeCriteriaSettings()) -> NodeCriteria
    {
        let border = Criterion(value: borderIrregularity, threshold: settings.borderIrregularity)
        let signal = Criterion(value: signalHeterogeneity, threshold: settings.signalHeterogeneity)
        let round = Criterion(value: roundness, threshold: settings.roundness)
        let met = [border, signal, round].count(where: \.isMet)
        return NodeCriteria(
            plane: plane, borderIrregularity: border, signalHeterogeneity: signal, roundness: round,
            shortAxisMM: shortAxisMM,
            withoutShortAxis: ReaderCall(rule: .withoutShortAxis, shortAxisMM: shortAxisMM, met: met),
            withShortAxis: ReaderCall(rule: settings.rule, shortAxisMM: shortAxisMM, met: met))
    }
}

extension Plane {
    /// The plane whose slices lie furthest apart: that is how a series was acquired. Axial where all are alike.
    package static func acquired(_ volume: Volume) -> Plane {
        let spacing = volume.spacing
        let orientation = volume.orientation
        var best = Plane.axial
        for plane in [Plane.sagittal, .coronal]
        where spacing[orientation.sliceAxis(of: plane)] > spacing[orientation.sliceAxis(of: best)] * 1.001 {
            best = plane
        }
        return best
    }
}

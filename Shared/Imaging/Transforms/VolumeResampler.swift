import Contracts
internal import Tensors

/// Resamples whole volumes onto another grid: output voxel to world to input voxel is one affine.
///
/// Nothing is smoothed before voxels become larger. Outside the volume, that is beyond the outer faces of its outermost
/// voxels, stands `outside`; between the outermost centers and those faces `linear` keeps the outermost value and
/// `cubic` reads the mirrored spline, as SimpleITK does.
package struct VolumeResampler: Sendable {
    package let interpolation: Interpolation
    /// Intensity outside the volume.
    package let outside: Double

    package init(_ interpolation: Interpolation = .linear, outside: Double = 0) {
        self.interpolation = interpolation
        self.outside = outside
    }

    /// Resamples a volume.
    ///
    /// - Parameters:
    ///   - volume: read in the type that it is stored in.
    ///   - grid: where the voxels of the outcome lie.
    ///   - motion: takes the world of the grid to the world of the volume, both RAS+ mm; a registration's result.
    ///   - subject: what errors call the volume.
    /// - Returns: float32 for `linear` and `cubic`, the volume's own type for `nearest`; its slope and intercept stay.
    /// - Throws: `affine-invalid` where the motion or the volume's affine cannot be inverted.
    package func resample(
        _ volume: Volume, to grid: VolumeGrid, motion: Affine = .identity, subject: String = "volume"
    ) throws(ImagingError) -> Volume {
        let inverse = try volume.affine.inverted(subject: subject)
        let type = interpolation == .nearest ? volume.tensor.elementType : .float32
        let outsideStored = (outside - volume.intercept) / volume.slope
        let shape = Array(grid.shape.reversed())
        let buffer: TensorBuffer
        if interpolation == .nearest {
            buffer = TensorBuffer.filled(count: grid.voxelCount * type.byteCount) { bytes in
                volume.perform(
                    NearestWork(
                        // As ITK computes it: to the world, and from there to indices; ties fall alike.
                        toWorld: motion == .identity ? grid.affine : motion.composed(with: grid.affine),
                        origin: volume.affine.translation, fromWorld: inverse, volumeShape: volume.shape,
                        shape: grid.shape, outside: outsideStored, target: bytes))
            }
        } else {
            let map = inverse.composed(with: motion.composed(with: grid.affine))
            buffer = TensorBuffer.filled(count: grid.voxelCount * 4) { bytes in
                interpolate(
                    volume, map, grid.shape, Float(outsideStored), bytes.bindMemory(to: Float.self).baseAddress!)
            }
        }
        do {
            return try Volume(
                tensor: Tensor(shape: shape, elementType: type, buffer: buffer), affine: grid.affine,
                slope: volume.slope, intercept: volume.intercept, subject: subject)
        } catch let error as ImagingError {
            throw error
        } catch {
            throw ImagingError(.niftiDimensionsInvalid, subject: subject, "\(error)")
        }
    }

    private func interpolate(
        _ volume: Volume, _ map: Affine, _ shape: [Int], _ outside: Float, _ target: UnsafeMutablePointer<Float>
    ) {
        guard let sources = Self.alignedAxes(map, shape) else {
            oblique(volume, map, shape, outside, target)
            return
        }
        // Axes that changed places are put back first: then the taps of each axis are the same for all rows.
        let order = Reorientation(sources: sources, reverses: [false, false, false])
        let volume = order.apply(to: volume)
        let columns = [map.first, map.second, map.third]
        let taps = (0..<3).map { axis in
            AxisTaps(
                interpolation, count: shape[axis], extent: volume.shape[axis],
                start: map.translation[sources[axis]], step: columns[axis][sources[axis]])
        }
        if interpolation == .cubic {
            let coefficients = BSplineCoefficients(volume)
            SeparableResampler(
                source: UnsafePointer(coefficients.values), sourceShape: coefficients.shape, taps: taps, shape: shape,
                outsideValue: outside, target: target
            ).run()
            withExtendedLifetime(coefficients) {}
        } else {
            volume.perform(
                SeparableWork(
                    sourceShape: volume.shape, taps: taps, shape: shape, outsideValue: outside, target: target))
        }
    }

    /// For each output axis the input axis that it runs along; nil where any output voxel would be more than a
    /// hundred-thousandth of a voxel off that.
    private static func alignedAxes(_ map: Affine, _ shape: [Int]) -> [Int]? {
        let columns = [map.first, map.second, map.third]
        var sources: [Int] = []
        var deviation = Point.zero
        for axis in 0..<3 {
            let column = columns[axis]
            let source = (0..<3).max { abs(column[$0]) < abs(column[$1]) } ?? axis
            sources.append(source)
            for other in 0..<3 where other != source { deviation[other] += abs(column[other]) * Double(shape[axis]) }
        }
        return Set(sources).count == 3 && deviation.max() < 1e-5 ? sources : nil
    }

    private func oblique(
        _ volume: Volume, _ map: Affine, _ shape: [Int], _ outside: Float, _ target: UnsafeMutablePointer<Float>
    ) {
        if interpolation == .cubic {
            let sampler = CubicSampler(coefficients: BSplineCoefficients(volume), outsideValue: outside)
            nonisolated(unsafe) let target = target
            nonisolated(unsafe) let reader = sampler
            SliceTeam.perform(shape[2]) { z in
                for y in 0..<shape[1] {
                    let start = map.apply(Point(0, Double(y), Double(z)))
                    _ = reader.row(
                        target + shape[0] * (y + shape[1] * z), count: shape[0], start: start, step: map.first)
                }
            }
        } else {
            volume.perform(
                ObliqueWork(map: map, volumeShape: volume.shape, shape: shape, outsideValue: outside, target: target))
        }
    }
}

private struct SeparableWork: VoxelWork {
    let sourceShape: [Int]
    let taps: [AxisTaps]
    let shape: [Int]
    let outsideValue: Float
    let target: UnsafeMutablePointer<Float>

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) {
        SeparableResampler(
            source: voxels.baseAddress!, sourceShape: sourceShape, taps: taps, shape: shape,
            outsideValue: outsideValue, target: target
        ).run()
    }
}

private struct ObliqueWork: VoxelWork {
    let map: Affine
    let volumeShape: [Int]
    let shape: [Int]
    let outsideValue: Float
    let target: UnsafeMutablePointer<Float>

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) {
        nonisolated(unsafe) let sampler = VoxelSampler(
            voxels: voxels.baseAddress!, shape: volumeShape, outsideValue: outsideValue)
        nonisolated(unsafe) let target = target
        SliceTeam.perform(shape[2]) { [map, shape] z in
            for y in 0..<shape[1] {
                let start = map.apply(Point(0, Double(y), Double(z)))
                _ = sampler.linearRow(
                    target + shape[0] * (y + shape[1] * z), count: shape[0], start: start, step: map.first)
            }
        }
    }
}

/// Nearest voxels, by the arithmetic of ITK's resampling filter: both ends of a row of the output are taken to the world
/// and to input indices, what lies between is interpolated, and half indices go up.
private struct NearestWork: VoxelWork {
    let toWorld: Affine
    let origin: Point
    let fromWorld: Affine
    let volumeShape: [Int]
    let shape: [Int]
    let outside: Double
    let target: UnsafeMutableRawBufferPointer

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) {
        nonisolated(unsafe) let source = voxels.baseAddress!
        nonisolated(unsafe) let output = target.bindMemory(to: Element.self).baseAddress!
        let fill = Element(nearest: outside)
        let high = Point(Double(volumeShape[0]), Double(volumeShape[1]), Double(volumeShape[2])) - 0.5
        let (jStride, kStride) = (volumeShape[0], volumeShape[0] * volumeShape[1])
        let (width, height) = (shape[0], shape[1])
        let limit = (volumeShape[0] - 1, volumeShape[1] - 1, volumeShape[2] - 1)
        SliceTeam.perform(shape[2]) { [toWorld, origin, fromWorld] z in
            for y in 0..<height {
                let row = output + width * (y + height * z)
                let start = fromWorld.applyLinear(toWorld.apply(Point(0, Double(y), Double(z))) - origin)
                let end = fromWorld.applyLinear(toWorld.apply(Point(Double(width), Double(y), Double(z))) - origin)
                let span = end - start
                for x in 0..<width {
                    let point = start + span * (Double(x) / Double(width))
                    guard all(point .>= -0.5), all(point .< high) else {
                        row[x] = fill
                        continue
                    }
                    let nearest = (point + 0.5).rounded(.down)
                    let i = min(Int(nearest.x), limit.0)
                    let j = min(Int(nearest.y), limit.1)
                    let k = min(Int(nearest.z), limit.2)
                    row[x] = source[i + j * jStride + k * kStride]
                }
            }
        }
    }
}

import Contracts
internal import Tensors

/// Which way a volume's axes are to be taken so that they run in another orientation: axes change places and run
/// backwards, and no voxel changes its value or its place in the world.
package struct Reorientation: Sendable, Equatable {
    /// For each axis of the outcome: the axis of the volume that it is.
    package let sources: [Int]
    /// For each axis of the outcome: whether it runs against the volume's axis.
    package let reverses: [Bool]

    package init(from: Orientation, to target: Orientation) {
        sources = target.worldAxes.map(from.voxelAxis(closestTo:))
        reverses = zip(sources, target.isPositive).map { from.isPositive[$0] != $1 }
    }

    init(sources: [Int], reverses: [Bool]) {
        self.sources = sources
        self.reverses = reverses
    }

    package var isIdentity: Bool { sources == [0, 1, 2] && reverses == [false, false, false] }

    /// Extents of the outcome.
    package func shape(_ shape: [Int]) -> [Int] { sources.map { shape[$0] } }

    /// Index in the outcome to index in the volume of `shape`.
    package func map(_ shape: [Int]) -> Affine {
        var columns = [Point.zero, .zero, .zero]
        var origin = Point.zero
        for axis in 0..<3 {
            let source = sources[axis]
            columns[axis][source] = reverses[axis] ? -1 : 1
            if reverses[axis] { origin[source] = Double(shape[source] - 1) }
        }
        return Affine(columns[0], columns[1], columns[2], translation: origin)
    }

    /// The reoriented volume: every voxel where it was.
    package func apply(to volume: Volume) -> Volume {
        guard !isIdentity else { return volume }
        let bytes = volume.tensor.elementType.byteCount
        let shape = shape(volume.shape)
        let buffer = TensorBuffer.filled(count: volume.voxelCount * bytes) { target in
            volume.perform(
                ReorientationWork(
                    sources: sources, reverses: reverses, sourceShape: volume.shape, shape: shape, target: target))
        }
        guard let tensor = try? Tensor(shape: shape.reversed(), elementType: volume.tensor.elementType, buffer: buffer),
            let outcome = try? Volume(
                tensor: tensor, affine: volume.affine.composed(with: map(volume.shape)), slope: volume.slope,
                intercept: volume.intercept)
        else { preconditionFailure("a permutation of axes keeps a volume valid") }
        return outcome
    }
}

extension Volume {
    /// The same voxels with axes that run in another orientation; nothing is interpolated.
    package func reoriented(to target: Orientation) -> Volume {
        Reorientation(from: orientation, to: target).apply(to: self)
    }
}

private struct ReorientationWork: VoxelWork {
    let sources: [Int]
    let reverses: [Bool]
    let sourceShape: [Int]
    let shape: [Int]
    let target: UnsafeMutableRawBufferPointer

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) {
        guard let source = voxels.baseAddress else { return }
        let output = target.bindMemory(to: Element.self)
        let strides = [1, sourceShape[0], sourceShape[0] * sourceShape[1]]
        let steps = (0..<3).map { reverses[$0] ? -strides[sources[$0]] : strides[sources[$0]] }
        let start = (0..<3).reduce(0) {
            $0 + (reverses[$1] ? (sourceShape[sources[$1]] - 1) * strides[sources[$1]] : 0)
        }
        let (width, height) = (shape[0], shape[1])
        // Tiles keep the cache lines of both sides while axes change places.
        let tile = sources[0] == 0 ? width : 32
        nonisolated(unsafe) let target = output.baseAddress!
        nonisolated(unsafe) let origin = source
        SliceTeam.perform(shape[2]) { k in
            for firstJ in stride(from: 0, to: height, by: 32) {
                for firstI in stride(from: 0, to: width, by: tile) {
                    for j in firstJ..<min(firstJ + 32, height) {
                        let row = target + width * (j + height * k)
                        let from = origin + (start + j * steps[1] + k * steps[2])
                        for i in firstI..<min(firstI + tile, width) { row[i] = from[i * steps[0]] }
                    }
                }
            }
        }
    }
}

import Contracts

/// A volume's slices in the order of acquisition, as float pictures on which quality is measured.
///
/// At most `limit` slices are taken, evenly spread, so that the time does not grow with the volume.
struct AcquiredSlices {
    /// Which voxel axis runs from slice to slice: that of the longest voxel side, k where all are alike.
    let axis: Int
    /// Voxel axes along a row (x, the faster one) and from row to row (y).
    let xAxis: Int
    let yAxis: Int
    let width: Int
    let height: Int
    let count: Int
    private let volume: Volume

    init(_ volume: Volume) {
        let spacing = volume.spacing
        var axis = 2
        for other in [1, 0] where spacing[other] > spacing[axis] * 1.05 { axis = other }
        let others = (0..<3).filter { $0 != axis }
        self.axis = axis
        (xAxis, yAxis) = (others[0], others[1])
        (width, height, count) = (volume.shape[others[0]], volume.shape[others[1]], volume.shape[axis])
        self.volume = volume
    }

    /// Evenly spread slice numbers from `share` of the stack on, as many before its end.
    func numbers(limit: Int, leaving share: Double = 0) -> [Int] {
        let low = Int(Double(count) * share)
        let span = max(1, count - 2 * low)
        guard span > limit else { return Array(low..<min(count, low + span)) }
        return (0..<limit).map { low + (2 * $0 + 1) * span / (2 * limit) }
    }

    /// One slice, rows of x, slope and intercept applied; every `step`-th pixel along both axes.
    func picture(_ number: Int, step: Int = 1) -> SlicePicture {
        let stored = volume.perform(
            ReadSlice(stack: self, shape: volume.shape, number: number, step: step))
        let (slope, intercept) = (Float(volume.slope), Float(volume.intercept))
        return SlicePicture(
            pixels: slope == 1 && intercept == 0 ? stored : stored.map { $0 * slope + intercept },
            width: (width + step - 1) / step, height: (height + step - 1) / step)
    }
}

/// A slice's values, row by row.
struct SlicePicture: Equatable {
    let pixels: [Float]
    let width: Int
    let height: Int

    var isConstant: Bool { pixels.allSatisfy { $0 == pixels[0] } }
}

private struct ReadSlice: VoxelWork {
    let stack: AcquiredSlices
    let shape: [Int]
    let number: Int
    let step: Int

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) -> [Float] {
        let strides = [1, shape[0], shape[0] * shape[1]]
        var pixels: [Float] = []
        pixels.reserveCapacity((stack.width / step + 1) * (stack.height / step + 1))
        for y in stride(from: 0, to: stack.height, by: step) {
            var index = number * strides[stack.axis] + y * strides[stack.yAxis]
            let jump = strides[stack.xAxis] * step
            for _ in stride(from: 0, to: stack.width, by: step) {
                pixels.append(voxels[index].stored)
                index += jump
            }
        }
        return pixels
    }
}

/// How a convolution's input is laid out so that every row of the patch matrix is a plain copy.
///
/// N batch, C channels, D depth, H height, W width. The input is padded, and its rows are split by the stride's phase:
/// element w of a padded row lies at `(w mod s) · ⌈W/s⌉ + ⌊w/s⌋`. An output row of any kernel tap is then contiguous.
struct PatchGeometry {
    let convolution: Convolution
    let input: LayerShape
    let outputExtent: Extent
    /// Whether the input needs the padded, phase-split copy; else it is read where it lies.
    let needsCopy: Bool
    /// Extent that the taps reach, in the padded input.
    let paddedExtent: Extent
    /// Floats of one phase of a padded row.
    let phaseWidth: Int
    let rowStride: Int
    let planeStride: Int
    let channelStride: Int
    /// Distance from an output row's beginning to each tap's copy of it; one number per row of the patch matrix.
    let tapOffsets: [Int]
    /// Where each output row (of D, H) begins in one channel.
    let rowOffsets: [Int]

    init(_ convolution: Convolution, input: LayerShape) {
        self.convolution = convolution
        self.input = input
        let output = convolution.outputExtent(of: input.extent)
        outputExtent = output
        let stride = convolution.stride
        func reach(_ count: Int, _ stride: Int, _ kernel: Int, _ dilation: Int) -> Int {
            (count - 1) * stride + (kernel - 1) * dilation + 1
        }
        let kernel = convolution.kernel
        let dilation = convolution.dilation
        needsCopy = convolution.padding != .zero || stride.width > 1
        paddedExtent =
            needsCopy
            ? Extent(
                reach(output.depth, stride.depth, kernel.depth, dilation.depth),
                reach(output.height, stride.height, kernel.height, dilation.height),
                reach(output.width, stride.width, kernel.width, dilation.width))
            : input.extent
        phaseWidth = (paddedExtent.width + stride.width - 1) / stride.width
        let rowStride = needsCopy ? phaseWidth * stride.width : input.extent.width
        let planeStride = rowStride * paddedExtent.height
        let channelStride = planeStride * paddedExtent.depth
        self.rowStride = rowStride
        self.planeStride = planeStride
        self.channelStride = channelStride

        var taps: [Int] = []
        taps.reserveCapacity(convolution.patchCount)
        for channel in 0..<convolution.inputChannels {
            for depth in 0..<kernel.depth {
                for height in 0..<kernel.height {
                    for width in 0..<kernel.width {
                        let shift = width * dilation.width
                        taps.append(
                            channel * channelStride + depth * dilation.depth * planeStride
                                + height * dilation.height * rowStride
                                + shift % stride.width * phaseWidth + shift / stride.width)
                    }
                }
            }
        }
        tapOffsets = taps
        rowOffsets = (0..<output.depth).flatMap { depth in
            (0..<output.height).map { height in
                depth * stride.depth * planeStride + height * stride.height * rowStride
            }
        }
    }

    /// Writes one padded, phase-split channel.
    func pad(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        let extent = input.extent
        let padding = convolution.padding
        for plane in 0..<paddedExtent.depth {
            let sourcePlane = plane - padding.depth
            let planeTarget = target + plane * planeStride
            guard sourcePlane >= 0, sourcePlane < extent.depth else {
                planeTarget.update(repeating: 0, count: planeStride)
                continue
            }
            for row in 0..<paddedExtent.height {
                let sourceRow = row - padding.height
                let rowTarget = planeTarget + row * rowStride
                guard sourceRow >= 0, sourceRow < extent.height else {
                    rowTarget.update(repeating: 0, count: rowStride)
                    continue
                }
                let rowSource = source + (sourcePlane * extent.height + sourceRow) * extent.width
                if convolution.stride.width == 1 {
                    padRow(rowSource, into: rowTarget)
                } else {
                    splitRow(rowSource, into: rowTarget)
                }
            }
        }
    }

    private func padRow(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        let before = convolution.padding.width
        let copied = min(input.extent.width, rowStride - before)
        for index in 0..<min(before, rowStride) { target[index] = 0 }
        if copied > 0 { target.advanced(by: before).update(from: source, count: copied) }
        var index = before + max(copied, 0)
        while index < rowStride {
            target[index] = 0
            index += 1
        }
    }

    private func splitRow(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        let step = convolution.stride.width
        let width = input.extent.width
        let padding = convolution.padding.width
        for phase in 0..<step {
            let phaseTarget = target + phase * phaseWidth
            var position = phase - padding
            for index in 0..<phaseWidth {
                phaseTarget[index] = position >= 0 && position < width ? source[position] : 0
                position += step
            }
        }
    }
}

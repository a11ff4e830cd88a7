/// A convolution's derivative by its input: patches' gradient [K, positions] = weightᵀ [K, Co] · gradient [Co,
/// positions], added back to where the patches came from (col2im). Adds to the input's gradient.
struct ConvolutionBackward {
    private let folded: FoldedConvolution
    private let weights: WeightBuffer
    private let gradient: ValueMemory
    private let input: ValueMemory
    private let workspace: Workspace

    /// Floats of one worker's part of the patches' gradient.
    private static let tileFloats = 512 * 1024

    init(_ folded: FoldedConvolution, gradient: ValueMemory, input: ValueMemory, workspace: Workspace) throws {
        self.folded = folded
        weights = try folded.weight.buffer()
        self.gradient = gradient
        self.input = input
        self.workspace = workspace
    }

    func run() {
        let convolution = folded.convolution
        let operations = 2 * convolution.patchCount * gradient.view.shape.count * gradient.batch
        let workers = workspace.team.threads(forOperations: operations)
        // Each task owns some input channels, so that no two tasks add to the same numbers.
        let share = max(1, (input.channels + workers - 1) / workers)
        let tasks = (input.channels + share - 1) / share
        for item in 0..<input.batch {
            workspace.team.run(tasks: tasks, workers: workers) { task, worker in
                let channels = task * share..<min((task + 1) * share, input.channels)
                run(channels: channels, item: item, scratch: workspace.patches[worker])
            }
        }
    }

    private func run(channels: Range<Int>, item: Int, scratch: ScratchMemory) {
        let convolution = folded.convolution
        let taps = convolution.kernel.volume
        let width = gradient.view.extent.width
        let rows = gradient.view.extent.depth * gradient.view.extent.height
        let count = channels.count * taps
        let rowsPerTile = min(rows, max(1, Self.tileFloats / (count * width)))
        let patches = scratch.floats(count * rowsPerTile * width)
        var row = 0
        while row < rows {
            let tileRows = min(rowsPerTile, rows - row)
            let columns = tileRows * width
            BLAS.multiplyTransposingA(
                m: count, n: columns, k: convolution.outputChannels,
                weights.pointer + channels.lowerBound * taps, rowsOfA: convolution.patchCount,
                UnsafePointer(gradient.channel(0, ofItem: item) + row * width), rowsOfB: gradient.positions, patches,
                rowsOfC: columns)
            for channel in channels {
                add(
                    UnsafePointer(patches + (channel - channels.lowerBound) * taps * columns), firstRow: row,
                    rows: tileRows, to: input.channel(channel, ofItem: item))
            }
            row += tileRows
        }
    }

    /// Adds one channel's patches to the input's gradient, tap by tap.
    private func add(
        _ patches: UnsafePointer<Float>, firstRow: Int, rows: Int, to target: UnsafeMutablePointer<Float>
    ) {
        let convolution = folded.convolution
        let (kernel, stride, padding, dilation) = (
            convolution.kernel, convolution.stride, convolution.padding, convolution.dilation
        )
        let extent = input.view.extent
        let output = gradient.view.extent
        var source = patches
        for tapDepth in 0..<kernel.depth {
            for tapHeight in 0..<kernel.height {
                for tapWidth in 0..<kernel.width {
                    let shift = tapWidth * dilation.width - padding.width
                    // Output columns whose tap lies inside the input: 0 ≤ column · stride + shift < width.
                    let first = shift >= 0 ? 0 : (-shift + stride.width - 1) / stride.width
                    let last = shift >= extent.width ? -1 : (extent.width - 1 - shift) / stride.width
                    let columns = first..<max(first, min(last + 1, output.width))
                    for row in firstRow..<firstRow + rows {
                        let (depth, height) = row.quotientAndRemainder(dividingBy: output.height)
                        let plane = depth * stride.depth + tapDepth * dilation.depth - padding.depth
                        let line = height * stride.height + tapHeight * dilation.height - padding.height
                        if plane >= 0, plane < extent.depth, line >= 0, line < extent.height {
                            let row = target + (plane * extent.height + line) * extent.width + shift
                            if stride.width == 1 {
                                Elementwise.accumulate(
                                    source + columns.lowerBound, into: row + columns.lowerBound, count: columns.count)
                            } else {
                                for column in columns { row[column * stride.width] += source[column] }
                            }
                        }
                        source += output.width
                    }
                }
            }
        }
    }
}

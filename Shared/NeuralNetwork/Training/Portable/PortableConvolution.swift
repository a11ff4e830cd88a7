/// A convolution by patch matrices (im2col): patches P [K, positions], K = Ci · taps.
///
/// Y = W P + b; ∂W = ∂Y Pᵀ, ∂b = Σ ∂Y; ∂P = Wᵀ ∂Y, added back to where the patches came from (col2im).
final class PortableConvolution: PortableLayer {
    private let convolution: Convolution
    private let weight: TrainableParameter
    private let bias: TrainableParameter?
    private let input: PortableValue
    private let output: PortableValue
    private let workspace: Workspace
    private let workers: Int

    /// Floats of one tile of patches.
    private static let tileFloats = 256 * 1024

    init(
        _ convolution: Convolution, weight: TrainableParameter, bias: TrainableParameter?, input: PortableValue,
        output: PortableValue, workspace: Workspace
    ) {
        self.convolution = convolution
        self.weight = weight
        self.bias = bias
        self.input = input
        self.output = output
        self.workspace = workspace
        let operations = 2 * convolution.patchCount * output.value.view.shape.count * output.value.batch
        workers = workspace.team.threads(forOperations: operations)
    }

    private var rows: Int { output.value.view.extent.depth * output.value.view.extent.height }
    private var width: Int { output.value.view.extent.width }
    private var rowsPerTile: Int {
        min(rows, max(1, Self.tileFloats / (convolution.patchCount * width)))
    }
    private var tilesPerItem: Int { (rows + rowsPerTile - 1) / rowsPerTile }

    /// Calls the body for every tile of output rows; a worker always gets the same tiles, so that sums over them do not
    /// depend on who was first.
    private func forEachTile(_ body: (_ item: Int, _ rows: Range<Int>, _ worker: Int) -> Void) {
        let tiles = output.value.batch * tilesPerItem
        let count = min(workers, tiles)
        workspace.team.run(tasks: count, workers: count) { share, _ in
            for tile in stride(from: share, to: tiles, by: count) {
                let (item, part) = tile.quotientAndRemainder(dividingBy: tilesPerItem)
                body(item, part * rowsPerTile..<min((part + 1) * rowsPerTile, rows), share)
            }
        }
    }

    func forward(mode: TrainingMode) {
        let patchCount = convolution.patchCount
        forEachTile { item, rows, worker in
            let columns = rows.count * width
            let patches = workspace.patches[worker].floats(patchCount * columns)
            fill(patches, item: item, rows: rows)
            let target = output.value.channel(0, ofItem: item) + rows.lowerBound * width
            BLAS.multiply(
                m: convolution.outputChannels, n: columns, k: patchCount, UnsafePointer(weight.values),
                rowsOfA: patchCount, UnsafePointer(patches), rowsOfB: columns, target,
                rowsOfC: output.value.positions)
            guard let bias else { return }
            for channel in 0..<convolution.outputChannels {
                Elementwise.addBias(
                    bias.values[channel], to: target + channel * output.value.positions, count: columns,
                    isRectified: false)
            }
        }
    }

    func backward(toInputs: [Bool], toParameters: Bool) {
        if toParameters {
            deriveWeight()
            deriveBias()
        }
        if toInputs[0] { deriveInput() }
    }

    private func deriveWeight() {
        guard let gradient = output.gradient, let target = weight.gradients else { return }
        let patchCount = convolution.patchCount
        let count = patchCount * convolution.outputChannels
        var begun = [Bool](repeating: false, count: workers)
        begun.withUnsafeMutableBufferPointer { begun in
            nonisolated(unsafe) let begun = begun
            forEachTile { item, rows, worker in
                let columns = rows.count * width
                let patches = workspace.patches[worker].floats(patchCount * columns)
                fill(patches, item: item, rows: rows)
                let sum = worker == 0 ? target : workspace.products[worker].floats(count)
                BLAS.multiplyTransposingB(
                    m: convolution.outputChannels, n: patchCount, k: columns,
                    UnsafePointer(gradient.channel(0, ofItem: item) + rows.lowerBound * width),
                    rowsOfA: gradient.positions, UnsafePointer(patches), rowsOfB: columns, sum, rowsOfC: patchCount,
                    accumulates: begun[worker])
                begun[worker] = true
            }
        }
        for worker in 1..<max(workers, 1) where begun[worker] {
            Elementwise.accumulate(
                UnsafePointer(workspace.products[worker].floats(count)), into: target, count: count)
        }
    }

    private func deriveBias() {
        guard let gradient = output.gradient, let target = bias?.gradients else { return }
        for channel in 0..<convolution.outputChannels {
            var sum = 0.0
            for item in 0..<gradient.batch {
                let values = gradient.channel(channel, ofItem: item)
                for position in 0..<gradient.positions { sum += Double(values[position]) }
            }
            target[channel] = Float(sum)
        }
    }

    private func deriveInput() {
        guard let gradient = output.gradient, let target = input.gradient else { return }
        let taps = convolution.kernel.volume
        // Each task owns some input channels of an item, so that no two tasks add to the same numbers.
        let groups = min(convolution.inputChannels, max(1, (workers + target.batch - 1) / target.batch))
        let share = (convolution.inputChannels + groups - 1) / groups
        workspace.team.run(tasks: target.batch * groups, workers: workers) { task, worker in
            let (item, group) = task.quotientAndRemainder(dividingBy: groups)
            let channels = group * share..<max(group * share, min((group + 1) * share, convolution.inputChannels))
            let count = channels.count * taps
            guard count > 0 else { return }
            for first in stride(from: 0, to: rows, by: rowsPerTile) {
                let rows = first..<min(first + rowsPerTile, rows)
                let columns = rows.count * width
                let patches = workspace.patches[worker].floats(convolution.patchCount * columns)
                BLAS.multiplyTransposingA(
                    m: count, n: columns, k: convolution.outputChannels,
                    UnsafePointer(weight.values + channels.lowerBound * taps), rowsOfA: convolution.patchCount,
                    UnsafePointer(gradient.channel(0, ofItem: item) + rows.lowerBound * width),
                    rowsOfB: gradient.positions, patches, rowsOfC: columns)
                forEachPatchRow(of: channels, rows: rows, in: patches) { source, channel, start, columns in
                    let line = target.channel(channel, ofItem: item) + start
                    let step = convolution.stride.width
                    for column in columns { line[column * step] += source[column] }
                }
            }
        }
    }

    private func fill(_ patches: UnsafeMutablePointer<Float>, item: Int, rows: Range<Int>) {
        patches.update(repeating: 0, count: convolution.patchCount * rows.count * width)
        forEachPatchRow(of: 0..<convolution.inputChannels, rows: rows, in: patches) { target, channel, start, columns in
            let line = input.value.channel(channel, ofItem: item) + start
            let step = convolution.stride.width
            for column in columns { target[column] = line[column * step] }
        }
    }

    /// Calls the body for every row of the patch matrix's output rows that touches the input: where it lies in the
    /// patches, the input channel, where column 0 lies in that channel, and the columns inside the input.
    @inline(__always)
    private func forEachPatchRow(
        of channels: Range<Int>, rows: Range<Int>, in patches: UnsafeMutablePointer<Float>,
        _ body: (UnsafeMutablePointer<Float>, Int, Int, Range<Int>) -> Void
    ) {
        let (kernel, step, padding, dilation) = (
            convolution.kernel, convolution.stride, convolution.padding, convolution.dilation
        )
        let extent = input.value.view.extent
        let height = output.value.view.extent.height
        var source = patches
        for channel in channels {
            for tapDepth in 0..<kernel.depth {
                for tapHeight in 0..<kernel.height {
                    for tapWidth in 0..<kernel.width {
                        let shift = tapWidth * dilation.width - padding.width
                        // Output columns whose tap lies inside the input: 0 ≤ column · step + shift < width.
                        let first = shift >= 0 ? 0 : (-shift + step.width - 1) / step.width
                        let last = shift >= extent.width ? -1 : (extent.width - 1 - shift) / step.width
                        let columns = first..<max(first, min(last + 1, width))
                        for row in rows {
                            let (outDepth, outHeight) = row.quotientAndRemainder(dividingBy: height)
                            let plane = outDepth * step.depth + tapDepth * dilation.depth - padding.depth
                            let line = outHeight * step.height + tapHeight * dilation.height - padding.height
                            if plane >= 0, plane < extent.depth, line >= 0, line < extent.height {
                                body(source, channel, (plane * extent.height + line) * extent.width + shift, columns)
                            }
                            source += width
                        }
                    }
                }
            }
        }
    }
}

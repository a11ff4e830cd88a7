internal import CKernels

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
    private let windows: UnsafeMutablePointer<ork_windows>

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
        windows = .allocate(capacity: 1)
        windows.initialize(
            to: ork_windows(
                kernel: convolution.kernel.triple, stride: convolution.stride.triple,
                padding: convolution.padding.triple, dilation: convolution.dilation.triple,
                in_size: input.value.view.extent.triple, out_size: output.value.view.extent.triple))
    }

    deinit { windows.deallocate() }

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
            ork_training_accumulate(workspace.products[worker].floats(count), 1, target, count)
        }
    }

    private func deriveBias() {
        guard let gradient = output.gradient, let target = bias?.gradients else { return }
        for channel in 0..<convolution.outputChannels {
            var sum = 0.0
            for item in 0..<gradient.batch {
                sum += ork_training_sum(gradient.channel(channel, ofItem: item), gradient.positions)
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
                ork_training_unpatch(
                    windows, patches, Int32(channels.count), Int32(rows.lowerBound), Int32(rows.upperBound),
                    target.channel(channels.lowerBound, ofItem: item))
            }
        }
    }

    private func fill(_ patches: UnsafeMutablePointer<Float>, item: Int, rows: Range<Int>) {
        ork_training_patches(
            windows, input.value.channel(0, ofItem: item), Int32(convolution.inputChannels),
            Int32(rows.lowerBound), Int32(rows.upperBound), patches)
    }
}

extension Extent {
    /// Depth, height, width, as C takes them.
    var triple: (Int32, Int32, Int32) { (Int32(depth), Int32(height), Int32(width)) }
}

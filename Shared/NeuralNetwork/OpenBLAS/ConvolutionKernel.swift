/// A convolution as a matrix product: output [Co, positions] = weight [Co, K] · patches [K, positions], K = Ci · taps.
///
/// Positions are taken in tiles of whole output rows, over several items of a batch where those are small, so that a
/// tile's patches stay in the second-level cache; bias, residual and rectification follow while the tile is warm.
final class ConvolutionKernel: Kernel {
    private let folded: FoldedConvolution
    private let weights: WeightBuffer
    private let geometry: PatchGeometry
    private let input: ValueMemory
    private let output: ValueMemory
    private let residual: ValueMemory?
    private let workspace: Workspace
    /// Rows of the patch matrix: input channels times taps.
    private let patchCount: Int
    private let workers: Int
    /// Items that are computed together.
    private let itemsPerPart: Int
    /// Distance between items in the memory that patches are read from.
    private let itemStride: Int
    /// Where each output row of one part begins in that memory.
    private let rows: [Int]
    private let rowsPerItem: Int

    /// Floats of a tile's patches that fit into the second-level cache beside the weights' current block.
    private static let tileFloats = 448 * 1024
    /// Output positions from which on an item is computed by itself.
    private static let itemPositions = 512

    init(
        _ folded: FoldedConvolution, input: ValueMemory, output: ValueMemory, residual: ValueMemory?,
        workspace: Workspace
    ) throws {
        self.folded = folded
        weights = try folded.weight.buffer()
        self.input = input
        self.output = output
        self.residual = residual
        self.workspace = workspace
        geometry = PatchGeometry(folded.convolution, input: input.view.shape)
        patchCount = folded.convolution.patchCount
        let operations = 2 * patchCount * output.view.shape.count * output.batch
        workers = workspace.team.threads(forOperations: operations)
        let together = (Self.itemPositions + output.positions - 1) / output.positions
        itemsPerPart = min(output.batch, max(1, together))
        itemStride = geometry.needsCopy ? geometry.channelStride * input.channels : input.view.itemStride
        rowsPerItem = geometry.rowOffsets.count
        let offsets = geometry.rowOffsets
        let stride = itemStride
        rows = (0..<itemsPerPart).flatMap { item in offsets.map { $0 + item * stride } }
    }

    func run() {
        var item = 0
        while item < output.batch {
            let items = min(itemsPerPart, output.batch - item)
            runPart(firstItem: item, items: items)
            item += items
        }
    }

    private func runPart(firstItem: Int, items: Int) {
        let source = prepareInput(firstItem: firstItem, items: items)
        let rowCount = items * rowsPerItem
        let width = geometry.outputExtent.width
        // A pointwise convolution's patches are its input: no copy, and tiles need not be small.
        let isDirect = isPointwise && items == 1
        let widest = max(16, Self.tileFloats / patchCount / 16 * 16)
        var rowsPerTile = max(1, (isDirect ? max(widest, 1024) : min(widest, 1024)) / width)
        var tiles = (rowCount + rowsPerTile - 1) / rowsPerTile
        if workers > 1 {
            // Whole rounds of tiles for all workers, unless that makes them so narrow that products slow down.
            let rounds = (tiles + workers - 1) / workers
            let even = (rowCount + rounds * workers - 1) / (rounds * workers)
            if even * width >= 64 || tiles >= workers { rowsPerTile = max(1, even) }
            tiles = (rowCount + rowsPerTile - 1) / rowsPerTile
        }
        if workers > 1, tiles < workers {
            for tile in 0..<tiles {
                let range = tile * rowsPerTile..<min((tile + 1) * rowsPerTile, rowCount)
                runByChannels(source, rows: range, firstItem: firstItem, isDirect: isDirect)
            }
            return
        }
        workspace.team.run(tasks: tiles, workers: workers) { tile, worker in
            let range = tile * rowsPerTile..<min((tile + 1) * rowsPerTile, rowCount)
            let patches: UnsafePointer<Float>
            let patchStride: Int
            if isDirect {
                patches = source + range.lowerBound * width
                patchStride = input.positions
            } else {
                patchStride = range.count * width
                let target = workspace.patches[worker].floats(patchCount * patchStride)
                fillPatches(source, rows: range, taps: 0..<patchCount, into: target)
                patches = UnsafePointer(target)
            }
            multiply(
                patches, patchStride: patchStride, rows: range, channels: 0..<output.channels, firstItem: firstItem,
                scratch: workspace.products[worker])
        }
    }

    /// Few positions and many weights: every worker computes some output channels from the same patches.
    private func runByChannels(_ source: UnsafePointer<Float>, rows range: Range<Int>, firstItem: Int, isDirect: Bool) {
        let patches: UnsafePointer<Float>
        let width = geometry.outputExtent.width
        var patchStride = range.count * width
        if isDirect {
            patches = source + range.lowerBound * width
            patchStride = input.positions
        } else {
            let target = workspace.sharedPatches.floats(patchCount * patchStride)
            fillPatches(source, rows: range, taps: 0..<patchCount, into: target)
            patches = UnsafePointer(target)
        }
        let share = (output.channels + workers - 1) / workers
        workspace.team.run(tasks: workers, workers: workers) { task, worker in
            let channels = min(task * share, output.channels)..<min((task + 1) * share, output.channels)
            guard !channels.isEmpty else { return }
            multiply(
                patches, patchStride: patchStride, rows: range, channels: channels, firstItem: firstItem,
                scratch: workspace.products[worker])
        }
    }

    private var isPointwise: Bool {
        let convolution = folded.convolution
        return convolution.kernel == .one && convolution.stride == .one && convolution.padding == .zero
    }

    /// The first float that the taps' and rows' distances count from.
    private func prepareInput(firstItem: Int, items: Int) -> UnsafePointer<Float> {
        guard geometry.needsCopy else { return UnsafePointer(input.channel(0, ofItem: firstItem)) }
        let target = workspace.padded.floats(items * itemStride)
        let channels = input.channels
        // A few thousand floats are padded faster than another thread is woken.
        let isLarge = items * itemStride > 100_000
        workspace.team.run(tasks: items * channels, workers: isLarge ? workers : 1) { task, _ in
            let (item, channel) = task.quotientAndRemainder(dividingBy: channels)
            geometry.pad(
                UnsafePointer(input.channel(channel, ofItem: firstItem + item)),
                into: target + item * itemStride + channel * geometry.channelStride)
        }
        return UnsafePointer(target)
    }

    private func fillPatches(
        _ source: UnsafePointer<Float>, rows range: Range<Int>, taps: Range<Int>,
        into target: UnsafeMutablePointer<Float>
    ) {
        rows.withUnsafeBufferPointer { rows in
            geometry.tapOffsets.withUnsafeBufferPointer { offsets in
                PatchMatrix.fill(
                    from: source, taps: UnsafeBufferPointer(rebasing: offsets[taps]),
                    rows: UnsafeBufferPointer(rebasing: rows[range]), width: geometry.outputExtent.width, into: target)
            }
        }
    }

    /// Multiplies a tile's patches by some output channels' weights, and writes the finished numbers to their places.
    private func multiply(
        _ patches: UnsafePointer<Float>, patchStride: Int, rows range: Range<Int>, channels: Range<Int>,
        firstItem: Int, scratch: ScratchMemory
    ) {
        let width = geometry.outputExtent.width
        let columns = range.count * width
        let weight = weights.pointer + channels.lowerBound * patchCount
        let item = firstItem + range.lowerBound / rowsPerItem
        let position = range.lowerBound % rowsPerItem * width
        if position + columns <= output.positions {
            // The tile lies in one item, so the product can be written where it belongs.
            let target = output.channel(channels.lowerBound, ofItem: item) + position
            BLAS.multiply(
                m: channels.count, n: columns, k: patchCount, weight, rowsOfA: patchCount, patches,
                rowsOfB: patchStride, target, rowsOfC: output.positions)
            finish(
                UnsafePointer(target), stride: output.positions, item: item, position: position, columns: columns,
                channels: channels)
            return
        }
        let product = scratch.floats(channels.count * columns)
        BLAS.multiply(
            m: channels.count, n: columns, k: patchCount, weight, rowsOfA: patchCount, patches, rowsOfB: patchStride,
            product, rowsOfC: columns)
        var row = range.lowerBound
        while row < range.upperBound {
            let end = min((row / rowsPerItem + 1) * rowsPerItem, range.upperBound)
            finish(
                UnsafePointer(product + (row - range.lowerBound) * width), stride: columns,
                item: firstItem + row / rowsPerItem, position: row % rowsPerItem * width, columns: (end - row) * width,
                channels: channels)
            row = end
        }
    }

    /// Adds bias and residual and rectifies, on the way to the output (or in it).
    private func finish(
        _ product: UnsafePointer<Float>, stride: Int, item: Int, position: Int, columns: Int, channels: Range<Int>
    ) {
        for channel in channels {
            let source = product + (channel - channels.lowerBound) * stride
            let target = output.channel(channel, ofItem: item) + position
            let bias = folded.bias.pointer[channel]
            if let residual {
                Elementwise.addBias(
                    bias, residual: UnsafePointer(residual.channel(channel, ofItem: item) + position), to: source,
                    into: target, count: columns, isRectified: folded.isRectified)
            } else {
                Elementwise.addBias(
                    bias, to: source, into: target, count: columns, isRectified: folded.isRectified)
            }
        }
    }
}

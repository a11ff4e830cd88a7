internal import CDNNL
internal import CKernels

/// Copies of a convolution's weights in the orders that the library's passes want.
final class WorkingWeights {
    private struct Copy {
        let memory: TrainingMemory
        /// A general reorder, where the order is not one of tiles.
        let reorder: TrainingPrimitive?
        let tiles: Tiles?
    }

    /// Tiles of 16 × 16: how one is laid out, and the tiles' distances.
    private typealias Tiles = (order: ork_tile_order, output: Int64, input: Int64, tap: Int64)

    private let layout: BlockedWeightLayout
    private let weight: TrainableParameter
    private let threads: Int
    private let library: TrainingLibrary
    private var copies: [Copy] = []

    init(_ weight: TrainableParameter, layout: BlockedWeightLayout, threads: Int, library: TrainingLibrary) {
        self.weight = weight
        self.layout = layout
        self.threads = threads
        self.library = library
    }

    /// Memory for another copy; `refresh()` fills it.
    ///
    /// - Parameters:
    ///   - descriptor: the order of the copy.
    ///   - master: the order of the parameter itself.
    /// - Returns: the memory, which lives as long as this does.
    /// - Throws: `TrainingError.library`, `outOfMemory`.
    func add(_ descriptor: dnnl_memory_desc_t, of master: dnnl_memory_desc_t) throws(TrainingError) -> TrainingMemory {
        var wanted = descriptor
        let memory = try TrainingMemory(count: (dnnl_memory_desc_get_size(&wanted) + 3) / 4)
        let tiles = layout.weights.planar ? nil : Self.tiles(of: descriptor)
        var reorder: TrainingPrimitive?
        if tiles == nil {
            reorder = try TrainingPrimitive(
                reordering: master, UnsafeMutableRawPointer(weight.values), to: descriptor,
                UnsafeMutableRawPointer(memory.pointer), library)
        }
        copies.append(Copy(memory: memory, reorder: reorder, tiles: tiles))
        return memory
    }

    /// Brings the copies up to date.
    ///
    /// - Throws: `TrainingError.library`.
    func refresh() throws(TrainingError) {
        let tiled = copies.compactMap { copy in
            copy.tiles.map { tiles in
                ork_weights_copy(
                    target: copy.memory.pointer, order: tiles.order, output_stride: tiles.output,
                    input_stride: tiles.input, tap_stride: tiles.tap)
            }
        }
        if !tiled.isEmpty {
            ork_weights_convert(layout.weights, weight.values, tiled, Int32(tiled.count), Int32(threads))
        }
        for copy in copies { try copy.reorder?.run() }
    }

    /// The order as tiles, if it is one.
    private static func tiles(of descriptor: dnnl_memory_desc_t) -> Tiles? {
        guard descriptor.format_kind == dnnl_blocked else { return nil }
        let blocking = descriptor.format_desc.blocking
        let (blocks, axes) = (blocking.inner_blks, blocking.inner_idxs)
        let order: ork_tile_order
        switch (blocking.inner_nblks, blocks.0, axes.0, blocks.1, axes.1, blocks.2, axes.2) {
        case (2, 16, 1, 16, 0, _, _): order = ORK_TILE_SAME
        case (2, 16, 0, 16, 1, _, _): order = ORK_TILE_TRANSPOSED
        case (3, 8, 1, 16, 0, 2, 1): order = ORK_TILE_INPUT_PAIRS
        case (3, 8, 0, 16, 1, 2, 0): order = ORK_TILE_OUTPUT_PAIRS
        default: return nil
        }
        let isBfloat = descriptor.data_type == dnnl_bf16
        guard isBfloat == (order == ORK_TILE_INPUT_PAIRS || order == ORK_TILE_OUTPUT_PAIRS) else { return nil }
        // Taps follow one another, the last axis fastest.
        let rank = Int(descriptor.ndims)
        let (strides, sizes) = withUnsafePointer(to: descriptor) { pointer in
            let strides = withUnsafeBytes(of: pointer.pointee.format_desc.blocking.strides) {
                Array($0.bindMemory(to: Int64.self).prefix(rank))
            }
            let sizes = withUnsafeBytes(of: pointer.pointee.dims) {
                Array($0.bindMemory(to: Int64.self).prefix(rank))
            }
            return (strides, sizes)
        }
        var expected = strides[rank - 1]
        for axis in stride(from: rank - 1, to: 1, by: -1) {
            guard strides[axis] == expected else { return nil }
            expected *= sizes[axis]
        }
        return (order, strides[0], strides[1], strides[rank - 1])
    }
}

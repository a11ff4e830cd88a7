/// Memory that the kernels of one executable share, because they run one after another.
final class Workspace {
    let team: ThreadTeam
    /// The padded input of the convolution that is running.
    let padded = ScratchMemory()
    /// The patch matrix that all workers read, where they split a convolution by output channels.
    let sharedPatches = ScratchMemory()
    /// One per worker: its part of the patch matrix.
    let patches: [ScratchMemory]
    /// One per worker: products before they are written to their place, or other intermediate rows.
    let products: [ScratchMemory]

    init(threads: Int) {
        team = ThreadTeam(threads: threads)
        patches = (0..<threads).map { _ in ScratchMemory() }
        products = (0..<threads).map { _ in ScratchMemory() }
    }
}

/// A step of a fused network, prepared for one input shape and bound to its memory.
protocol Kernel: AnyObject {
    func run()
}

/// A value's memory.
struct ValueMemory {
    let pointer: UnsafeMutablePointer<Float>
    let batch: Int
    let view: ValueLayout.View

    var source: UnsafePointer<Float> { UnsafePointer(pointer) }
    var channels: Int { view.channels }
    var positions: Int { view.positions }

    /// The first float of one item's channel.
    @inline(__always)
    func channel(_ channel: Int, ofItem item: Int) -> UnsafeMutablePointer<Float> {
        pointer + item * view.itemStride + channel * view.positions
    }
}

internal import NeuralNetwork

/// In which order examples come: a function of seed and epoch alone.
package enum EpochOrder {
    /// A permutation of 0 ..< count (Fisher and Yates), or the given order where `isShuffled` is false.
    package static func permutation(_ count: Int, seed: UInt64, epoch: Int) -> [Int] {
        var order = Array(0..<count)
        var generator = SeededGenerator(seed: seed, name: "order \(epoch)")
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, Int(generator.next() % UInt64(last + 1)))
        }
        return order
    }

    /// The epoch's batches. What is left over at the end is a smaller batch; a single example left over, whose own
    /// statistics would be all that normalization sees, joins the batch before.
    package static func batches(_ order: [Int], size: Int) -> [[Int]] {
        var batches = stride(from: 0, to: order.count, by: size).map {
            Array(order[$0..<min($0 + size, order.count)])
        }
        if batches.count > 1, size > 1, let last = batches.last, last.count == 1 {
            batches.removeLast()
            batches[batches.count - 1] += last
        }
        return batches
    }
}

/// Where each value of a fused network lies in one block of memory, for one input shape.
///
/// A concatenation's inputs are written straight into its output wherever that is possible. Values that are no longer
/// read give their memory to later ones, unless gradients need them.
package struct ValueLayout: Sendable {
    /// One value: `batch` items of [channels, extent], the first at `offset`, the next `itemStride` floats further.
    package struct View: Sendable, Equatable {
        package var shape: LayerShape
        package var offset: Int
        package var itemStride: Int

        package var channels: Int { shape.channels }
        package var extent: Extent { shape.extent }
        /// Positions of one channel; channels lie this many floats apart.
        package var positions: Int { shape.extent.volume }
    }

    package let batch: Int
    package let views: [View]
    /// Floats of the whole block.
    package let count: Int
    /// For each value that is written straight into a concatenation: which, and after how many channels.
    private let places: [Place?]

    private struct Place: Sendable, Equatable {
        var value: Int
        var channelOffset: Int
    }

    /// Whether a value already lies at these channels of a concatenation's output.
    package func isInPlace(_ value: Int, at channelOffset: Int, of concatenation: Int) -> Bool {
        places[value] == Place(value: concatenation, channelOffset: channelOffset)
    }

    /// - Parameters:
    ///   - network: whose values are laid out.
    ///   - shapes: the shape of each value.
    ///   - batch: items of the batch.
    ///   - keepsAll: whether every value keeps its memory, as gradients need.
    package init(network: FusedNetwork, shapes: [LayerShape], batch: Int, keepsAll: Bool) {
        self.batch = batch
        let places = Self.places(network, shapes)
        self.places = places

        // The value whose memory each value lies in, and how many channels before it there.
        var roots = [Int](shapes.indices)
        var channelOffsets = [Int](repeating: 0, count: shapes.count)
        for value in shapes.indices {
            var current = value
            var channels = 0
            while let place = places[current] {
                channels += place.channelOffset
                current = place.value
            }
            roots[value] = current
            channelOffsets[value] = channels
        }

        let offsets = Self.offsets(network, shapes, roots: roots, batch: batch, keepsAll: keepsAll)
        count = offsets.count
        views = shapes.indices.map { value in
            View(
                shape: shapes[value],
                offset: offsets.starts[roots[value]] + channelOffsets[value] * shapes[value].extent.volume,
                itemStride: shapes[roots[value]].count)
        }
    }

    /// For each value that can be written straight into a concatenation: which, and after how many channels.
    private static func places(
        _ network: FusedNetwork, _ shapes: [LayerShape]
    ) -> [Place?] {
        var places = [Place?](repeating: nil, count: shapes.count)
        for step in network.steps {
            guard case .concatenate = step.kind else { continue }
            var channels = 0
            for input in step.inputs {
                // The network's input is given from outside, and a value can lie in one place only.
                let isFree = places[input] == nil && input != network.inputValue
                if isFree, step.inputs.filter({ $0 == input }).count == 1 {
                    places[input] = Place(value: step.output, channelOffset: channels)
                }
                channels += shapes[input].channels
            }
        }
        return places
    }

    /// Lays values one after another, reusing what is free: first fit by decreasing order of writing.
    private static func offsets(
        _ network: FusedNetwork, _ shapes: [LayerShape], roots: [Int], batch: Int, keepsAll: Bool
    ) -> (starts: [Int], count: Int) {
        var firstUse = [Int](repeating: Int.max, count: shapes.count)
        var lastUse = [Int](repeating: -1, count: shapes.count)
        func touch(_ value: Int, _ time: Int) {
            firstUse[roots[value]] = min(firstUse[roots[value]], time)
            lastUse[roots[value]] = max(lastUse[roots[value]], time)
        }
        touch(network.inputValue, 0)
        for (time, step) in network.steps.enumerated() {
            touch(step.output, time + 1)
            for input in step.inputs { touch(input, time + 1) }
        }
        touch(network.outputValue, network.steps.count + 1)

        struct Placed {
            var start: Int
            var end: Int
            var firstUse: Int
            var lastUse: Int
        }
        var placed: [Placed] = []
        var starts = [Int](repeating: 0, count: shapes.count)
        let order = shapes.indices.filter { roots[$0] == $0 }.sorted { (firstUse[$0], $0) < (firstUse[$1], $1) }
        for value in order {
            let size = (shapes[value].count * batch + 15) / 16 * 16
            let neighbors = placed.filter {
                keepsAll || ($0.firstUse <= lastUse[value] && firstUse[value] <= $0.lastUse)
            }.sorted { $0.start < $1.start }
            var start = 0
            for neighbor in neighbors where neighbor.start < start + size {
                start = max(start, neighbor.end)
            }
            starts[value] = start
            placed.append(
                Placed(start: start, end: start + size, firstUse: firstUse[value], lastUse: lastUse[value]))
        }
        return (starts, placed.map(\.end).max() ?? 0)
    }
}

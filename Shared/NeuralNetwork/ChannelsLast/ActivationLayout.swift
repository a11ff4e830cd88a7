/// Where each value lies in one block of memory, channels last, for one input shape.
///
/// Values that are no longer read give their memory to later ones, unless gradients need them. A concatenation's parts
/// are written straight into it where the steps that write and read them can; a convolution's result takes the place of
/// its residual where nobody reads that any more.
struct ActivationLayout {
    /// One value, by its distance from the block's beginning.
    struct Slot {
        var byteOffset: Int
        /// Numbers from pixel to pixel.
        var stride: Int
    }

    let slots: [Slot?]
    let byteCount: Int
    /// For each value that lies in another: which, and at which of its channels in memory.
    private let parents: [Parent?]

    private struct Parent: Equatable {
        var value: Int
        var channelOffset: Int
    }

    /// What the layout needs to know of a step.
    struct Abilities {
        /// Whether it can write into a part of a wider value.
        var writesParts: Bool
        /// Whether it can read parts of wider values.
        var readsParts: Bool
        /// Whether its result may take the place of its second input.
        var replacesResidual: Bool
    }

    /// `network`: whose values are laid out.
    /// `shapes`: of the values of one item.
    /// `abilities`: one for each step.
    /// `isMaterialized`: whether a value has memory at all.
    /// `times`: for each step, the place in the order at which it is really computed; nil where that is its own.
    init(
        _ network: FusedNetwork, shapes: [LayerShape], places: [ChannelPlaces], batch: Int, elementBytes: Int,
        abilities: [Abilities], keepsAll: Bool, isMaterialized: [Bool], times: [Int]? = nil
    ) {
        let parents = Self.parents(network, places, abilities, keepsAll: keepsAll)
        self.parents = parents
        var roots = [Int](shapes.indices)
        var channelOffsets = [Int](repeating: 0, count: shapes.count)
        for value in shapes.indices {
            var current = value
            while let parent = parents[current] {
                channelOffsets[value] += parent.channelOffset
                current = parent.value
            }
            roots[value] = current
        }
        let spans = Self.spans(network, roots, times ?? Array(network.steps.indices))
        var placed: [(range: Range<Int>, span: ClosedRange<Int>)] = []
        var starts = [Int](repeating: 0, count: shapes.count)
        let order = shapes.indices.filter { roots[$0] == $0 && isMaterialized[$0] }
            .sorted { (spans[$0].lowerBound, $0) < (spans[$1].lowerBound, $1) }
        for value in order {
            let bytes = batch * shapes[value].extent.volume * places[value].physicalCount * elementBytes
            let size = (bytes + 4095) / 4096 * 4096
            var start = 0
            for other in placed.filter({ keepsAll || $0.span.overlaps(spans[value]) })
                .sorted(by: { $0.range.lowerBound < $1.range.lowerBound })
            where other.range.lowerBound < start + size {
                start = max(start, other.range.upperBound)
            }
            starts[value] = start
            placed.append((start..<start + size, spans[value]))
        }
        byteCount = placed.map(\.range.upperBound).max() ?? 0
        slots = shapes.indices.map { value in
            isMaterialized[roots[value]]
                ? Slot(
                    byteOffset: starts[roots[value]] + channelOffsets[value] * elementBytes,
                    stride: places[roots[value]].physicalCount)
                : nil
        }
    }

    /// Whether a value already lies at these channels of a concatenation.
    func isInPlace(_ value: Int, at channelOffset: Int, of concatenation: Int) -> Bool {
        parents[value] == Parent(value: concatenation, channelOffset: channelOffset)
    }

    /// Whether other values lie in this one.
    func holdsOthers(_ value: Int) -> Bool { parents.contains { $0?.value == value } }

    /// Whether a step's result lies where its residual did.
    func replacesResidual(_ step: FusedNetwork.Step) -> Bool {
        step.inputs.count == 2 && parents[step.output] == Parent(value: step.inputs[1], channelOffset: 0)
    }

    private static func parents(
        _ network: FusedNetwork, _ places: [ChannelPlaces], _ abilities: [Abilities], keepsAll: Bool
    ) -> [Parent?] {
        var parents = [Parent?](repeating: nil, count: places.count)
        var writers = [Int?](repeating: nil, count: places.count)
        var readers = [[Int]](repeating: [], count: places.count)
        for (index, step) in network.steps.enumerated() {
            writers[step.output] = index
            for input in Set(step.inputs) { readers[input].append(index) }
        }
        for (index, step) in network.steps.enumerated() {
            guard case .concatenate = step.kind else { continue }
            var channels = 0
            for input in step.inputs {
                let others = readers[input].filter { $0 != index }
                let isFree =
                    parents[input] == nil && input != network.inputValue
                    && step.inputs.filter { $0 == input }.count == 1
                if isFree, let writer = writers[input], abilities[writer].writesParts,
                    others.allSatisfy({ abilities[$0].readsParts })
                {
                    parents[input] = Parent(value: step.output, channelOffset: channels)
                }
                channels += places[input].physicalCount
            }
        }
        guard !keepsAll else { return parents }
        var replaces = [Bool](repeating: false, count: places.count)
        for (index, step) in network.steps.enumerated() where abilities[index].replacesResidual {
            let (input, residual) = (step.inputs[0], step.inputs[1])
            let isLast = readers[residual].allSatisfy { $0 <= index } && residual != network.outputValue
            let isOwn = parents[residual] == nil || replaces[residual]
            // A concatenation's output holds its parts, which somebody may read later.
            let isWhole = !parents.contains { $0?.value == residual }
            if isLast, isOwn, isWhole, residual != network.inputValue, input != residual,
                parents[step.output] == nil
            {
                parents[step.output] = Parent(value: residual, channelOffset: 0)
                replaces[step.output] = true
            }
        }
        return parents
    }

    /// From the writing of a root's first value to the reading of its last, in steps.
    private static func spans(_ network: FusedNetwork, _ roots: [Int], _ times: [Int]) -> [ClosedRange<Int>] {
        var first = [Int](repeating: Int.max, count: roots.count)
        var last = [Int](repeating: -1, count: roots.count)
        func touch(_ value: Int, _ time: Int) {
            first[roots[value]] = min(first[roots[value]], time)
            last[roots[value]] = max(last[roots[value]], time)
        }
        touch(network.inputValue, 0)
        for (time, step) in zip(times, network.steps) {
            touch(step.output, time + 1)
            for input in step.inputs { touch(input, time + 1) }
        }
        touch(network.outputValue, network.steps.count + 1)
        return roots.indices.map { first[$0] <= last[$0] ? first[$0]...last[$0] : 0...0 }
    }
}

/// Where the channels of a value lie among those that it has in memory.
///
/// Memory holds a multiple of 16 channels, so that every pixel is whole vectors. A concatenation keeps its parts' own
/// padding between them, which lets each be written straight to its place. Channels without a place hold zeros, or what
/// an elementwise layer makes of zero; nobody's result depends on them.
struct ChannelPlaces: Hashable, Sendable {
    /// For each channel of the network, its place in memory.
    let places: [Int32]
    /// Channels in memory.
    let physicalCount: Int

    /// Channels one after another.
    init(count: Int) {
        places = (0..<Int32(count)).map { $0 }
        physicalCount = Self.rounded(count)
    }

    /// The channels of a concatenation.
    init(joining parts: [ChannelPlaces]) {
        var places: [Int32] = []
        var start = 0
        for part in parts {
            places += part.places.map { $0 + Int32(start) }
            start += part.physicalCount
        }
        self.places = places
        physicalCount = start
    }

    /// These channels, and further ones behind them.
    init(extending base: ChannelPlaces, to count: Int) {
        let further = max(0, count - base.places.count)
        let start = base.physicalCount
        places = Array(base.places.prefix(count)) + (0..<further).map { Int32(start + $0) }
        physicalCount = further == 0 ? base.physicalCount : start + Self.rounded(further)
    }

    static func rounded(_ count: Int) -> Int { (count + 15) / 16 * 16 }

    /// Whether channel i lies at place i.
    var isDense: Bool { places.indices.allSatisfy { places[$0] == Int32($0) } }
}

extension FusedNetwork {
    /// Where the channels of every value lie, by the channels that each has.
    func channelPlaces(channels: [Int]) -> [ChannelPlaces] {
        var result = channels.map { ChannelPlaces(count: $0) }
        for step in steps {
            let inputs = step.inputs.map { result[$0] }
            switch step.kind {
            case .convolution(let folded):
                // Of a sum both parts must lie alike; the convolution can write to any place.
                if folded.hasResidual { result[step.output] = inputs[1] }
            case .affine, .relu, .maxPool, .averagePool, .globalAveragePool, .add: result[step.output] = inputs[0]
            case .concatenate: result[step.output] = ChannelPlaces(joining: inputs)
            case .stridedShortcut:
                result[step.output] = ChannelPlaces(extending: inputs[0], to: channels[step.output])
            case .linear, .sigmoid, .softmax: break
            }
        }
        return result
    }
}

/// What a node lies in, and how its looks are drawn: the same latents in other textures, so that what a network learned
/// of one variety can be carried to the other.
package enum NodeVariety: String, Sendable, CaseIterable, Codable {
    /// Gray in bright fat, with blotches; lobes at the border.
    case mesorectal
    /// Bright in suppressed fat and muscle, with fine grain; spikes at the border.
    case suppressed

    struct Looks {
        /// Of the node and of what is around it, 0 to 255.
        let node: Float
        let ground: Float
        /// Of septa and vessels.
        let detail: Float
        /// Size of the mottle as a share of the node's mean radius.
        let grain: Float
        /// Waves of the border around the node, about.
        let waves: Float
        /// 0: lobes, 1: spikes.
        let spikes: Float
    }

    var looks: Looks {
        switch self {
        case .mesorectal: Looks(node: 112, ground: 196, detail: 70, grain: 0.42, waves: 1.9, spikes: 0)
        case .suppressed: Looks(node: 168, ground: 48, detail: 92, grain: 0.24, waves: 2.0, spikes: 1)
        }
    }
}

/// Numbers for the three spatial axes: a size, a stride, a padding or a dilation. A 2D network has depth 1.
package struct Extent: Hashable, Sendable {
    package var depth: Int
    package var height: Int
    package var width: Int

    package init(_ depth: Int, _ height: Int, _ width: Int) {
        self.depth = depth
        self.height = height
        self.width = width
    }

    /// From one number per spatial axis, slowest first: two or three of them.
    ///
    /// - Throws: `NeuralNetworkError.invalidArchitecture` for another count.
    package init(_ components: [Int]) throws(NeuralNetworkError) {
        switch components.count {
        case 2: self.init(1, components[0], components[1])
        case 3: self.init(components[0], components[1], components[2])
        default:
            throw .invalidArchitecture("expected two or three numbers, one per spatial axis, got \(components)")
        }
    }

    /// The same number on each axis of a 3D network.
    package static func cube(_ edge: Int) -> Extent { Extent(edge, edge, edge) }

    /// The same number on both axes of a 2D network; `depth` is what leaves the depth axis as it is.
    package static func square(_ edge: Int, depth: Int = 1) -> Extent { Extent(depth, edge, edge) }

    package static let one = Extent(1, 1, 1)
    package static let zero = Extent(0, 0, 0)

    /// Number of positions.
    package var volume: Int { depth * height * width }

    /// The numbers of the axes that a network of `rank` spatial axes has.
    package func components(rank: Int) -> [Int] {
        rank == 2 ? [height, width] : [depth, height, width]
    }
}

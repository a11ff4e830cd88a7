import Contracts

/// The phantom pelvis in T2 weighting: skin, fat, muscle, bladder, and the rectum in its fat.
struct PelvisAnatomy {
    private static let fat: Float = 720
    private static let muscle: Float = 230
    private static let urine: Float = 1300
    private static let wall: Float = 360
    private static let lumen: Float = 90
    private static let node: Float = 430

    /// Half of the body's extent in mm along x, y, z.
    private let halfAxes: Point
    private let spacing: Point
    private let texture: SmoothField
    private let border: SmoothField

    init(grid: PhantomGrid, spacing: Point, random: inout PhantomRandom) {
        let extents = Point(
            Double(grid.shape[0]) * spacing.x, Double(grid.shape[1]) * spacing.y, Double(grid.shape[2]) * spacing.z)
        halfAxes = extents * 0.46 * Point(random.uniform(0.95, 1), random.uniform(0.95, 1), 1)
        self.spacing = spacing
        texture = SmoothField(&random)
        border = SmoothField(&random)
    }

    /// The rectum's middle and radius, in the unit of the half axes.
    private static let rectum = (y: -0.35, wall: 0.13, lumen: 0.08, fat: 0.42)

    private func signal(at world: Point) -> Float {
        let place = world / halfAxes
        // The pelvis goes through the picture from bottom to top: z does not end it.
        let square = place.x * place.x + place.y * place.y
        if square > 1 { return 0 }
        if square > 0.72 { return Self.fat }
        let toRectum = (place.x * place.x + (place.y - Self.rectum.y) * (place.y - Self.rectum.y)).squareRoot()
        if toRectum <= Self.rectum.lumen { return Self.lumen }
        if toRectum <= Self.rectum.wall { return Self.wall }
        if toRectum <= Self.rectum.fat { return Self.fat }
        let bladder = (place - Point(0, 0.42, 0.1)) / Point(0.38, 0.28, 0.9)
        if bladder.dot(bladder) <= 1 { return Self.urine }
        return Self.muscle * (1 + 0.15 * texture((place + 2) * 9))
    }

    /// Finds a place for each node in the fat around the rectum, apart from the others.
    func place(
        _ appearances: [NodeAppearance], random: inout PhantomRandom
    ) throws(ImagingError) -> [PhantomNode] {
        guard appearances.count <= 255 else {
            throw ImagingError(
                .tooManyRegions, subject: "lymph node phantom",
                "expected at most 255 nodes, found \(appearances.count)")
        }
        let inPlane = (halfAxes.x + halfAxes.y) / 2
        var nodes: [PhantomNode] = []
        for appearance in appearances {
            var appearance = appearance
            // Sizes differ, and small pictures get small nodes; two voxels in plane are the least.
            appearance.shortAxis = min(
                max(appearance.shortAxis * random.uniform(0.85, 1.15), 2 * max(spacing.x, spacing.y)),
                0.2 * inPlane)
            let reach = appearance.shortAxis / 2 * appearance.elongation * (1 + appearance.irregularity)
            var found: Point?
            for _ in 0..<2000 where found == nil {
                let offset = random.inUnitBall()
                let center = Point(
                    offset.x * Self.rectum.fat * halfAxes.x,
                    (Self.rectum.y + offset.y * Self.rectum.fat) * halfAxes.y, offset.z * 0.75 * halfAxes.z)
                if fits(center, reach, among: nodes) { found = center }
            }
            guard let found else {
                throw ImagingError(
                    .tooManyRegions, subject: "lymph node phantom",
                    "expected nodes that fit into the fat around the rectum, no place is left for node "
                        + "\(nodes.count + 1)")
            }
            let turn = random.inUnitBall()
            let flat = Point(turn.x, turn.y, 0)
            let direction = flat.length > 1e-3 ? flat / flat.length : Point(1, 0, 0)
            nodes.append(
                PhantomNode(
                    label: nodes.count + 1, center: found, direction: direction, appearance: appearance))
        }
        return nodes
    }

    private func fits(_ center: Point, _ reach: Double, among nodes: [PhantomNode]) -> Bool {
        let place = center / halfAxes
        let share = reach / min(halfAxes.x, halfAxes.y)
        let toRectum = (place.x * place.x + (place.y - Self.rectum.y) * (place.y - Self.rectum.y)).squareRoot()
        guard toRectum - share > Self.rectum.wall, toRectum + share < Self.rectum.fat else { return false }
        return nodes.allSatisfy {
            let other = $0.appearance.shortAxis / 2 * $0.appearance.elongation * (1 + $0.appearance.irregularity)
            let apart = center - $0.center
            return apart.length > other + reach + 3 * max(spacing.x, spacing.y)
                && (abs(apart.z) > other + reach + 2 * spacing.z
                    || Point(apart.x, apart.y, 0).length > other + reach + 3)
        }
    }

    /// The clean signal and the labels of every voxel.
    func paint(_ nodes: [PhantomNode], on grid: PhantomGrid) -> (signal: [Float], labels: [UInt8]) {
        var signal = [Float](repeating: 0, count: grid.count)
        var labels = [UInt8](repeating: 0, count: grid.count)
        grid.forEach { index, world in
            signal[index] = self.signal(at: world)
            for node in nodes {
                let offset = world - node.center
                guard let value = nodeSignal(node, offset) else { continue }
                signal[index] = value
                labels[index] = UInt8(node.label)
            }
        }
        return (signal, labels)
    }

    /// The signal of a node at an offset from its middle; nil outside it.
    private func nodeSignal(_ node: PhantomNode, _ offset: Point) -> Float? {
        let appearance = node.appearance
        let radius = appearance.shortAxis / 2
        let reach = radius * appearance.elongation * (1 + appearance.irregularity)
        guard abs(offset.x) <= reach, abs(offset.y) <= reach, abs(offset.z) <= reach else { return nil }
        let along = offset.dot(node.direction)
        let across = (offset - node.direction * along).length
        let share = (along * along / (appearance.elongation * appearance.elongation) + across * across).squareRoot()
        let wander = Double(border(offset / radius * 2 + Double(node.label) * 3.5))
        // The middle always belongs to the node, however thick the slices are.
        guard share <= radius * (1 + appearance.irregularity * wander) else { return nil }
        if appearance.hasHilum, (offset - node.direction * (0.4 * radius)).length <= 0.35 * radius { return Self.fat }
        let mottle = texture(offset / radius * 2.5 + Double(node.label) * 5.5)
        return Self.node * (1 + Float(appearance.heterogeneity) * mottle)
    }
}

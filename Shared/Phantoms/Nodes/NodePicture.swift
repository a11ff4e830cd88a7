import Imaging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The picture of one section of a node, cut out along its margin.
///
/// Each plane has a section of its own, with the node's latents and size, and its own turn, border and texture.
struct NodePicture {
    let picture: GrayPicture

    private typealias Place = SIMD2<Float>

    /// - Parameters:
    ///   - node: what is drawn.
    ///   - variety: in which looks.
    ///   - random: of the picture.
    init(_ node: PhantomLymphNode, variety: NodeVariety, random: inout PhantomRandom) {
        let section = NodeSection(node, variety, &random)
        let box = section.box
        let (width, height) = section.pixels(zoomedBy: random.uniform(0.12, 0.2))
        let gain = Float(random.uniform(0.85, 1.15))
        let slope = Place(Float(random.uniform(-0.06, 0.06)), Float(random.uniform(-0.06, 0.06)))
        let strength = Float(random.uniform(3, 7))
        let grain = GradientNoise(&random)
        var noise = PhantomRandom(seed: random.next())
        var picture = GrayPicture(width: width, height: height)
        for y in 0..<height {
            for x in 0..<width {
                let share = (Place(Float(x), Float(y)) + 0.5) / Place(Float(width), Float(height))
                let place = box.origin + share * box.size
                let signal = section.signal(at: place) * gain * (1 + ((share - 0.5) * slope).sum())
                // Noise of the scanner's coarser pixels, and a little of the picture's own.
                let coarse = grain(SIMD3(place.x / 0.5, place.y / 0.5, 0.5)) * 3.2 * strength
                let fine = noise.normal() * 0.35 * strength
                // Pictures of a seed stay what they were: two numbers have always been drawn for a pixel.
                _ = noise.next()
                picture[x, y] = UInt8(min(max(signal + coarse + fine, 0), 255).rounded())
            }
        }
        self.picture = picture
    }
}

/// The geometry and the clean signal of a section; places in mm about the node's middle.
struct NodeSection {
    typealias Place = SIMD2<Float>

    private static let directions = 256

    private let looks: NodeVariety.Looks
    private let turn: Place
    private let half: Place
    private let meanRadius: Float
    /// The border as a share of the ellipse, by direction.
    private let border: [Float]
    private let mottleStrength: Float
    private let mottle: GradientNoise
    private let ground: GradientNoise
    private let vessels: [(center: Place, radius: Float)]

    /// The smallest rectangle around the section in mm.
    let box: (origin: Place, size: Place)

    init(_ node: PhantomLymphNode, _ variety: NodeVariety, _ random: inout PhantomRandom) {
        looks = variety.looks
        let angle = Float(random.uniform(0, 2 * Double.pi))
        turn = Place(cos(angle), sin(angle))
        half = Place(Float(node.shortAxis / node.roundness), Float(node.shortAxis)) * 0.5
        meanRadius = (half.x * half.y).squareRoot()
        mottleStrength = Float(node.heterogeneity)
        let wander = GradientNoise(&random)
        mottle = GradientNoise(&random)
        ground = GradientNoise(&random)
        border = Self.border(wander, looks, strength: Float(node.irregularity))
        let reach = half.x * 1.3
        vessels = (0..<3).map { _ in
            let way = Float(random.uniform(0, 2 * Double.pi))
            let distance = reach * Float(random.uniform(0.75, 1.1))
            return (Place(cos(way), sin(way)) * distance, Float(random.uniform(0.3, 0.9)))
        }
        var (low, high) = (Place(repeating: .infinity), Place(repeating: -.infinity))
        for index in 0..<Self.directions {
            let phase = 2 * Float.pi * Float(index) / Float(Self.directions)
            let point = Place(half.x * cos(phase), half.y * sin(phase)) * border[index]
            let turned = Place(point.x * turn.x - point.y * turn.y, point.x * turn.y + point.y * turn.x)
            low = pointwiseMin(low, turned)
            high = pointwiseMax(high, turned)
        }
        box = (low, high - low)
    }

    /// Columns and rows of the picture: 20 to 110, as in the paper.
    ///
    /// - Parameter zoom: wanted distance between pixels in mm; each picture was zoomed in its own way.
    /// - Returns: as many as fit the zoom, or the least or most.
    func pixels(zoomedBy zoom: Double) -> (width: Int, height: Int) {
        let (least, most) = (Double(box.size.min()), Double(box.size.max()))
        let spacing = max(min(zoom, least / 20.5), most / 109)
        return (
            min(110, max(20, Int((Double(box.size.x) / spacing).rounded()))),
            min(110, max(20, Int((Double(box.size.y) / spacing).rounded())))
        )
    }

    /// Around a circle through a random field, so that the end meets the beginning; scaled to the wanted strength, so that
    /// every section of a node is as irregular as the others.
    private static func border(_ field: GradientNoise, _ looks: NodeVariety.Looks, strength: Float) -> [Float] {
        var values = (0..<directions).map { index -> Float in
            let phase = 2 * Float.pi * Float(index) / Float(directions)
            let way = SIMD3<Float>(cos(phase) + 7.3, sin(phase) + 3.1, 0.37)
            let smooth = field(way * looks.waves) + 0.5 * field(way * looks.waves * 2.3)
            return looks.spikes == 0 ? smooth : 0.6 - 2 * abs(smooth)
        }
        let mean = values.reduce(0, +) / Float(directions)
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(directions)).squareRoot()
        values = values.map { 1 + strength * min(max(($0 - mean) / max(deviation, 1e-3), -2.5), 2.5) }
        return values
    }

    /// The clean signal at a place, 0 to 255.
    func signal(at place: Place) -> Float {
        let along = place.x * turn.x + place.y * turn.y
        let across = -place.x * turn.y + place.y * turn.x
        let (u, v) = (along / half.x, across / half.y)
        let share = (u * u + v * v).squareRoot()
        var phase = atan2(v, u) / (2 * Float.pi)
        if phase < 0 { phase += 1 }
        let exact = phase * Float(Self.directions)
        let index = Int(exact) % Self.directions
        let between = exact - exact.rounded(.down)
        let edge = border[index] + (border[(index + 1) % Self.directions] - border[index]) * between
        // In mm, about.
        let outside = (share - edge) * meanRadius
        let part = smoothStep(0.32, -0.32, outside)
        // Where only one of them is seen, the other need not be computed.
        if part == 1 { return inside(place) }
        let around = surroundings(place)
        return part == 0 ? around : around + (inside(place) - around) * part
    }

    private func inside(_ place: Place) -> Float {
        let scale = meanRadius * looks.grain
        let value = mottle(SIMD3(place.x / scale, place.y / scale, 0.41))
        return looks.node * (1 + 3.4 * mottleStrength * value)
    }

    private func surroundings(_ place: Place) -> Float {
        let blur = ground(SIMD3(place.x / 3.1, place.y / 3.1, 0.29))
        var signal = looks.ground * (1 + 0.12 * blur)
        // Septa: thin lines where a field is zero.
        let line = abs(ground(SIMD3(place.x / 4.7 + 20, place.y / 4.7 + 20, 0.73)))
        signal += (looks.detail - signal) * 0.5 * smoothStep(0.06, 0.01, line)
        for vessel in vessels {
            let gap = place - vessel.center
            let distance = (gap * gap).sum().squareRoot()
            signal += (looks.detail - signal) * smoothStep(vessel.radius + 0.2, vessel.radius - 0.2, distance)
        }
        return signal
    }
}

import Contracts

/// The phantom head: ellipsoids in a head's proportions, with a folded cortex.
struct BrainAnatomy {
    /// Half of the head's extent in mm along x, y, z.
    private let halfAxes: Point
    private let smallestSpacing: Double
    private let folds: SmoothField
    private let border: SmoothField

    init(grid: PhantomGrid, spacing: Point, random: inout PhantomRandom) {
        let extents = Point(
            Double(grid.shape[0]) * spacing.x, Double(grid.shape[1]) * spacing.y, Double(grid.shape[2]) * spacing.z)
        // The head fills most of the picture, whatever its size, and is a little different each time.
        halfAxes = extents * 0.42 * Point(random.uniform(0.94, 1), random.uniform(0.94, 1), random.uniform(0.94, 1))
        smallestSpacing = min(spacing.x, spacing.y, spacing.z)
        folds = SmoothField(&random)
        border = SmoothField(&random)
    }

    /// What is at a place, by its distance from the middle as a share of the head's radius there.
    private func tissue(at world: Point) -> BrainTissue {
        let place = world / halfAxes
        let square = place.dot(place)
        if square > 1 { return .air }
        let radius = square.squareRoot()
        if radius > 0.90 { return .scalp }
        if radius > 0.80 { return .skull }
        if isVentricle(place) { return .fluid }
        // Folds run in and out; fluid fills them.
        let fold = Double(folds((place + 2) * 9)) * 0.06
        if radius > 0.74 + fold { return .fluid }
        if radius > 0.64 + fold { return .gray }
        if isDeepGray(place) { return .gray }
        return .white
    }

    private func isVentricle(_ place: Point) -> Bool {
        let side = Point(abs(place.x) - 0.10, place.y - 0.02, place.z - 0.10) / Point(0.06, 0.30, 0.12)
        return side.dot(side) <= 1
    }

    private func isDeepGray(_ place: Point) -> Bool {
        let side = Point(abs(place.x) - 0.22, place.y - 0.02, place.z + 0.04) / Point(0.08, 0.16, 0.12)
        return side.dot(side) <= 1
    }

    /// Finds a place for each lesion: in the brain, off the ventricles, apart from the others.
    ///
    /// Where none is found, the lesion is made smaller, down to a voxel and a half; where none is found even then, all
    /// are placed anew, a few times.
    func place(
        _ appearances: [LesionAppearance], random: inout PhantomRandom
    ) throws(ImagingError) -> [PhantomLesion] {
        if appearances.count <= 255 {
            for _ in 0..<20 {
                if let lesions = tryToPlace(appearances, random: &random) { return lesions }
            }
        }
        throw ImagingError(
            .tooManyRegions, subject: "brain phantom",
            "expected at most 255 lesions that fit into the brain, \(appearances.count) do not")
    }

    private func tryToPlace(_ appearances: [LesionAppearance], random: inout PhantomRandom) -> [PhantomLesion]? {
        let size = (halfAxes.x + halfAxes.y + halfAxes.z) / 3
        let least = 1.5 * smallestSpacing
        var lesions: [PhantomLesion] = []
        for appearance in appearances {
            var radius = max(random.uniform(0.08, 0.17) * size, least)
            var center = freePlace(radius, appearance, among: lesions, random: &random)
            while center == nil, radius > least {
                radius = max(radius * 0.8, least)
                center = freePlace(radius, appearance, among: lesions, random: &random)
            }
            guard let center else { return nil }
            lesions.append(
                PhantomLesion(label: lesions.count + 1, center: center, radius: radius, appearance: appearance))
        }
        return lesions
    }

    private func freePlace(
        _ radius: Double, _ appearance: LesionAppearance, among lesions: [PhantomLesion],
        random: inout PhantomRandom
    ) -> Point? {
        for _ in 0..<100 {
            let center = random.inUnitBall() * 0.66 * halfAxes
            if fits(center, radius, appearance, among: lesions) { return center }
        }
        return nil
    }

    private func fits(
        _ center: Point, _ radius: Double, _ appearance: LesionAppearance, among lesions: [PhantomLesion]
    ) -> Bool {
        let size = (halfAxes.x + halfAxes.y + halfAxes.z) / 3
        let place = center / halfAxes
        guard place.length + radius / size <= 0.68 else { return false }
        let ventricles = Point(abs(place.x) - 0.10, place.y - 0.02, place.z - 0.10)
        let reach = Point(0.06, 0.30, 0.12) + radius / size
        let scaled = ventricles / reach
        guard scaled.dot(scaled) > 1 || radius <= 1.5 * smallestSpacing else { return false }
        // As far as borders wander, and two voxels between them, so that the components stay apart.
        return lesions.allSatisfy {
            ($0.center - center).length > $0.radius * (1 + $0.appearance.irregularity)
                + radius * (1 + appearance.irregularity) + 2 * smallestSpacing
        }
    }

    /// Tissue, label and lesion part of every voxel.
    func paint(_ lesions: [PhantomLesion], on grid: PhantomGrid) -> PaintedBrain {
        var painted = PaintedBrain(count: grid.count)
        grid.forEach { index, world in
            painted.tissues[index] = tissue(at: world)
            for lesion in lesions {
                let offset = world - lesion.center
                let reach = lesion.radius * (1.4 + lesion.appearance.edema)
                guard abs(offset.x) <= reach, abs(offset.y) <= reach, abs(offset.z) <= reach else { continue }
                add(lesion, offset, at: index, to: &painted)
            }
        }
        return painted
    }

    private func add(
        _ lesion: PhantomLesion, _ offset: Point, at index: Int, to painted: inout PaintedBrain
    ) {
        let wander = Double(border(offset / lesion.radius * 1.5 + Double(lesion.label) * 3.5))
        let share = offset.length / (lesion.radius * (1 + lesion.appearance.irregularity * wander))
        if share <= 1 {
            painted.labels[index] = UInt8(lesion.label)
            painted.parts[index] = share <= lesion.appearance.core ? .necrosis : .tumor
        } else if share <= 1 + lesion.appearance.edema, painted.parts[index] == .none,
            painted.tissues[index] == .white || painted.tissues[index] == .gray
        {
            painted.parts[index] = .edema
            let rest = Float((1 + lesion.appearance.edema - share) / lesion.appearance.edema)
            painted.edema[index] = rest * rest * (3 - 2 * rest)
        }
    }
}

/// The phantom's voxels before they are seen by a sequence.
struct PaintedBrain {
    enum Part: UInt8 {
        case none
        case edema
        case tumor
        case necrosis
    }

    var tissues: [BrainTissue]
    var labels: [UInt8]
    var parts: [Part]
    /// How much of the voxel is edema, where it is.
    var edema: [Float]

    init(count: Int) {
        tissues = Array(repeating: .air, count: count)
        labels = Array(repeating: 0, count: count)
        parts = Array(repeating: .none, count: count)
        edema = Array(repeating: 0, count: count)
    }

    /// The clean signal of every voxel in a sequence.
    func signal(in sequence: MRSequence, lesions: [PhantomLesion]) -> [Float] {
        let tissueSignals = BrainTissue.allCases.map { $0.signal(in: sequence) }
        let edemaSignal = BrainTissue.edema(in: sequence)
        let tumorSignals = lesions.map { $0.appearance.tumor[sequence] ?? 0 }
        let necrosisSignals = lesions.map { $0.appearance.necrosis[sequence] ?? 0 }
        return tissues.indices.map { index in
            let tissue = tissueSignals[Int(tissues[index].rawValue)]
            switch parts[index] {
            case .none: return tissue
            case .edema: return tissue + (edemaSignal - tissue) * edema[index]
            case .tumor: return tumorSignals[Int(labels[index]) - 1]
            case .necrosis: return necrosisSignals[Int(labels[index]) - 1]
            }
        }
    }
}

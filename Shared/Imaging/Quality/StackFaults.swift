/// Slices that are there twice, empty between others, or seem to be missing.
struct StackFaults {
    /// Numbers of slices, counted from 1 along the stack.
    var duplicates: [Int] = []
    var empty: [Int] = []
    /// After these slices one seems to be missing.
    var gaps: [Int] = []

    /// A step is suspicious that is so many times as large as the steps around it,
    private static let suspicion = 1.5
    /// and as large, nearly, as the steps from a slice to the next but one.
    private static let likeTwo = 0.9
    /// and stands this much above the step before and the one behind: where an organ begins, several steps are large.
    private static let isolation = 1.3
    /// Slices are looked at with about so many pixels along their longer side.
    private static let resolution = 96

    /// - Parameters:
    ///   - stack: the slices.
    ///   - foreground: what is above it is object.
    ///   - positionsAreKnown: whether the headers have said already that no slice is missing.
    init(_ stack: AcquiredSlices, foreground: Float, positionsAreKnown: Bool) {
        guard stack.count > 1 else { return }
        let coarseness = max(1, max(stack.width, stack.height) / Self.resolution)
        var previous: SlicePicture?
        var beforeThat: SlicePicture?
        var steps: [Double?] = []
        var doubleSteps: [Double?] = []
        var isEmpty: [Bool] = []
        for number in 0..<stack.count {
            let picture = stack.picture(number, step: coarseness)
            isEmpty.append(picture.isConstant)
            if let previous {
                let isSame = previous == picture && !picture.isConstant
                if isSame, stack.picture(number - 1) == stack.picture(number) { duplicates.append(number + 1) }
                steps.append(isSame ? nil : Self.step(previous, picture, foreground))
            }
            if let beforeThat { doubleSteps.append(Self.step(beforeThat, picture, foreground)) }
            (beforeThat, previous) = (previous, picture)
        }
        if let first = isEmpty.firstIndex(of: false), let last = isEmpty.lastIndex(of: false) {
            empty = (first...last).filter { isEmpty[$0] }.map { $0 + 1 }
        }
        guard !positionsAreKnown else { return }
        gaps = Self.gaps(steps, doubleSteps).filter {
            TileAgreement(stack, step: $0 - 1, coarseness: coarseness, foreground: foreground).isLong
        }
    }

    /// One less the correlation over what is foreground in either slice; nil where there is too little.
    private static func step(_ a: SlicePicture, _ b: SlicePicture, _ foreground: Float) -> Double? {
        var (n, x, y, xx, yy, xy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        for index in a.pixels.indices where a.pixels[index] > foreground || b.pixels[index] > foreground {
            let (u, v) = (Double(a.pixels[index]), Double(b.pixels[index]))
            n += 1
            x += u
            y += v
            xx += u * u
            yy += v * v
            xy += u * v
        }
        guard n > 100 else { return nil }
        let (sxx, syy, sxy) = (xx - x * x / n, yy - y * y / n, xy - x * y / n)
        guard sxx > 0, syy > 0 else { return nil }
        return 1 - sxy / (sxx * syy).squareRoot()
    }

    /// Steps that look like steps over a slice that is not there. In slices below 2 mm more than half of the missing ones
    /// show; in thick ones anatomy changes so much from slice to slice that a fifth do. The ends of a stack, where anatomy
    /// begins and ends, do not tell.
    private static func gaps(_ steps: [Double?], _ doubleSteps: [Double?]) -> [Int] {
        let end = max(3, Int(0.15 * Double(steps.count)))
        guard steps.count > 2 * end else { return [] }
        return (end..<steps.count - end).compactMap { index in
            guard let step = steps[index], let below = doubleSteps[index - 2], let above = doubleSteps[index + 1] else {
                return nil
            }
            let around = (index - 3...index + 3).filter { $0 != index && steps.indices.contains($0) }
                .compactMap { steps[$0] }.sorted()
            guard around.count >= 4 else { return nil }
            let middle = (around[(around.count - 1) / 2] + around[around.count / 2]) / 2
            let two = (below + above) / 2
            let beside = [steps[index - 1], steps[index + 1]].compactMap { $0 }.max() ?? 0
            // Where noise outweighs anatomy, two steps are no longer than one, and nothing can be told.
            guard two >= 1.25 * middle, step >= suspicion * middle else { return nil }
            return step >= likeTwo * two && step >= isolation * beside ? index + 1 : nil
        }
    }
}

package import Contracts
package import Datasets
package import Imaging

/// One patient of a cohort: a head with lesions of one origin in five sequences.
package struct BrainPatient: Sendable {
    package let origin: Outcome
    package let volumes: [MRSequence: Volume]
    /// uint8 label map: each lesion has its number, edema not counted.
    package let mask: Volume
    package let lesions: [LesionTruth]

    /// What is known of a lesion because it was made.
    package struct LesionTruth: Sendable {
        package let label: Int
        package let latents: [Double]
        /// Mean radius in mm.
        package let radius: Double
        /// In RAS+ mm.
        package let center: Point
    }

    /// - Parameters:
    ///   - origin: of all lesions.
    ///   - model: of the lesions' latents.
    ///   - spacing: about so many mm between voxels.
    ///   - seed: the cohort's.
    ///   - number: the patient's; each has numbers of its own.
    /// - Throws: nothing for spacings that leave a grid of voxels.
    init(_ origin: Outcome, model: LatentModel, spacing: Double, seed: UInt64, number: Int) throws {
        self.origin = origin
        var random = PhantomRandom.stream(seed, 1, UInt64(number))
        let anatomy = HeadAnatomy(&random)
        let fields = LesionFields(&random)
        let scanner = HeadScanner(around: anatomy.reach, spacing: spacing, random: &random)
        let count = Self.lesionCount(origin, &random)
        let common = model.drawPatient(&random)
        let sites = LesionSites.find(count, in: anatomy, margin: Float(3 * spacing), random: &random)
        let lesions = sites.enumerated().map { index, site in
            BrainLesion(
                label: index + 1, center: site.center, radius: site.radius, irregularity: site.irregularity,
                latents: model.draw(origin, patient: common, random: &random))
        }
        let painted = PaintedHead(anatomy, lesions, fields, scanner)
        mask = try scanner.labelMap(painted.labels)
        var volumes: [MRSequence: Volume] = [:]
        for (lane, sequence) in MRSequence.allCases.enumerated() {
            var own = PhantomRandom.stream(seed, 2, UInt64(number), UInt64(lane))
            let signal = painted.signals[lane * scanner.count..<(lane + 1) * scanner.count]
            volumes[sequence] = try scanner.series(signal, random: &own)
        }
        self.volumes = volumes
        self.lesions = lesions.map { lesion in
            LesionTruth(
                label: lesion.label, latents: lesion.latents, radius: Double(lesion.radius),
                center: Point(lesion.center))
        }
    }

    /// One to five; small-cell cancer has more, gastrointestinal fewer. A patch around one lesion hardly shows it.
    private static func lesionCount(_ origin: Outcome, _ random: inout PhantomRandom) -> Int {
        let chance =
            switch origin {
            case .sclc: 0.42
            case .nsclc: 0.30
            case .bc: 0.33
            default: 0.22
            }
        return 1 + (0..<4).count { _ in random.uniform() < chance }
    }
}

/// Places for lesions in a head.
enum LesionSites {
    struct Site {
        let center: SIMD3<Float>
        let radius: Float
        let irregularity: Float
    }

    /// In the brain, off its surface and the ventricles, apart from the others. As many as fit, at least one.
    static func find(
        _ count: Int, in anatomy: HeadAnatomy, margin: Float, random: inout PhantomRandom
    ) -> [Site] {
        var sites: [Site] = []
        var tries = 0
        while sites.count < count, tries < 4000 {
            tries += 1
            let shrink: Float = sites.isEmpty && tries > 2000 ? 0.6 : 1
            let radius = Float(random.uniform(7, 13)) * shrink
            let irregularity = Float(random.uniform(0.08, 0.28))
            let center = SIMD3<Float>(
                Float(random.uniform(-58, 58)), Float(random.uniform(-74, 74)), Float(random.uniform(-46, 56)))
            let depth = anatomy.sample(at: center).depth
            // Metastases like the border of gray and white matter.
            guard depth > radius + 2.5, depth < radius + Float(random.uniform(4, 22)),
                anatomy.ventricleDepth(center) < -radius - 1,
                sites.allSatisfy({ other in
                    let gap = center - other.center
                    return (gap * gap).sum().squareRoot()
                        > (radius + other.radius) * 1.3 + margin
                })
            else { continue }
            sites.append(Site(center: center, radius: radius, irregularity: irregularity))
        }
        if sites.isEmpty { sites = [Site(center: SIMD3(28, -20, 30), radius: 8, irregularity: 0.1)] }
        return sites
    }
}

/// A head with lesions on a scanner's grid, before noise.
struct PaintedHead {
    /// Sequence after sequence in the order of `MRSequence.allCases`, in each the first axis fastest.
    let signals: [Float]
    let labels: [UInt8]

    init(_ anatomy: HeadAnatomy, _ lesions: [BrainLesion], _ fields: LesionFields, _ scanner: HeadScanner) {
        let shape = scanner.shape
        let count = scanner.count
        let lanes = MRSequence.allCases.count
        var labels = [UInt8](repeating: 0, count: count)
        signals = [Float](unsafeUninitializedCapacity: count * lanes) { signals, used in
            var index = 0
            for k in 0..<shape[2] {
                for j in 0..<shape[1] {
                    for i in 0..<shape[0] {
                        let place = SIMD3<Float>(scanner.affine.apply(Point(Double(i), Double(j), Double(k))))
                        var sample = anatomy.sample(at: place)
                        if sample.depth > 0 {
                            for lesion in lesions {
                                let offset = place - lesion.center
                                guard (offset * offset).sum() < lesion.extent * lesion.extent else { continue }
                                if lesion.paint(offset, over: &sample, fields) { labels[index] = UInt8(lesion.label) }
                            }
                        }
                        for lane in 0..<lanes { signals[lane * count + index] = sample.signals[lane] }
                        index += 1
                    }
                }
            }
            used = count * lanes
        }
        self.labels = labels
    }
}

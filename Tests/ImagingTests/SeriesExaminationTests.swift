import Contracts
import Foundation
import Imaging
import Tensors
import Testing

@Suite struct SeriesExaminationTests {
    private static let shape = [96, 96, 24]

    /// A head-like object in air: an ellipsoid with smooth contrast inside, and Rician noise over all.
    private func head(
        noise sigma: Double = 0, seed: UInt64 = 1, shape: [Int] = shape, slices: ((Int) -> Int)? = nil,
        change: ((Int, Int, Int, Double) -> Double)? = nil
    ) throws -> Volume {
        var random = SeededNoise(seed: seed)
        return try makeVolume(shape, affine: Affine(spacing: Point(2, 2, 4), origin: .zero)) { i, j, k in
            let k = slices?(k) ?? k
            var signal = Self.signal(i, j, k, shape)
            if let change { signal = change(i, j, k, signal) }
            guard sigma > 0 else { return signal }
            let (a, b) = (signal + sigma * random.normal(), sigma * random.normal())
            return (a * a + b * b).squareRoot()
        }
    }

    private static func signal(_ i: Int, _ j: Int, _ k: Int, _ shape: [Int]) -> Double {
        let x = (Double(i) - Double(shape[0]) / 2) / 34
        let y = (Double(j) - Double(shape[1]) / 2) / 26
        let z = (Double(k) - Double(shape[2]) / 2) / 16
        let r = x * x + y * y + z * z
        guard r <= 1 else { return 0 }
        // Ventricle-like and cortex-like contrast, drifting from slice to slice.
        let inner = (x - 0.3 * z) * (x - 0.3 * z) + (y + 0.5 * z) * (y + 0.5 * z)
        return 600 + 250 * (inner < 0.12 ? 1 : 0) - 200 * (r > 0.8 ? 1 : 0) + 120 * x * z + 80 * y
    }

    @Test(arguments: [4.0, 10, 25, 60])
    func addedNoiseIsEstimatedWithinATenth(sigma: Double) throws {
        let measures = SeriesExamination(try head(noise: sigma)).measures
        let noise = try #require(measures.noise)
        #expect(abs(noise / sigma - 1) < 0.1)
        #expect(abs(try #require(measures.signalToNoise) * sigma / 600 - 1) < 0.25)
    }

    @Test func theNoiseOfThePhantomsIsFound() throws {
        let pelvis = try LymphNodePhantom(.init(seed: 5))
        #expect(abs(try #require(SeriesExamination(pelvis.volume).measures.noise) / 18 - 1) < 0.1)
    }

    @Test(arguments: [(0.06, 48), (0.2, 31), (0.2, 48), (0.25, 37)])
    func aGhostIsAsStrongAsItWasMade(amplitude: Double, shift: Int) throws {
        for isAlongX in [true, false] {
            let volume = try head(
                noise: 5,
                change: { i, j, k, signal in
                    let (a, b) = isAlongX ? ((i + shift) % 96, j) : (i, (j + shift) % 96)
                    return signal + amplitude * Self.signal(a, b, k, Self.shape)
                })
            let examination = SeriesExamination(volume)
            let ghosting = try #require(examination.measures.ghosting)
            #expect(abs(ghosting - amplitude) < 0.15 * amplitude + 0.005)
            #expect(examination.verdict().code == (amplitude > 0.15 ? .degraded : .ok))
        }
    }

    @Test func withoutAGhostNoneIsFoundAndWithoutAirNoneIsMeasured() throws {
        #expect(try #require(SeriesExamination(try head(noise: 8)).measures.ghosting) < 0.01)
        #expect(SeriesExamination(try head()).measures.ghosting == nil)
        let filled = try makeVolume([64, 64, 16]) { i, j, k in 300 + Double(((i * 7 + j * 3) % 50) + k) }
        #expect(SeriesExamination(filled).measures.ghosting == nil)
    }

    @Test func repeatedAndEmptySlicesAreNamed() throws {
        let repeated = SeriesExamination(try head(slices: { $0 == 12 ? 11 : $0 }))
        #expect(repeated.measures.duplicateSlices == [13])
        #expect(repeated.verdict().code == .degraded)
        #expect(repeated.verdict().reasons.contains { $0.contains("13") && $0.contains("repeat") })
        let empty = SeriesExamination(try head(change: { _, _, k, signal in k == 9 || k == 10 ? 0 : signal }))
        #expect(empty.measures.emptySlices == [10, 11])
        #expect(empty.verdict().code == .degraded)
    }

    /// A cylinder whose inside changes smoothly from slice to slice, as anatomy does in thin slices.
    private func cylinder(slices: [Int]) throws -> Volume {
        var random = SeededNoise(seed: 9)
        return try makeVolume([96, 96, slices.count], affine: Affine(spacing: Point(1, 1, 1.5), origin: .zero)) {
            i, j, k in
            let (x, y, z) = (Double(i) - 48, Double(j) - 48, Double(slices[k]))
            let inside = x * x + y * y <= 1600
            let waves = cos(0.31 * x + 0.4 * z) + cos(0.27 * y - 0.5 * z + 1) + cos(0.2 * (x + y) + 0.45 * z + 2)
            let signal = inside ? 600 + 90 * waves : 0
            let (a, b) = (signal + 8 * random.normal(), 8 * random.normal())
            return (a * a + b * b).squareRoot()
        }
    }

    @Test(arguments: [9, 14, 20])
    func aMissingSliceIsSuspectedWhereItWas(dropped: Int) throws {
        #expect(SeriesExamination(try cylinder(slices: Array(0..<30))).measures.suspectedGaps.isEmpty)
        let short = SeriesExamination(try cylinder(slices: (0..<30).filter { $0 != dropped }))
        #expect(short.measures.suspectedGaps == [dropped])
        #expect(short.verdict().code == .degraded)
    }

    @Test func whereHeadersSayWhereSlicesLieNoneIsSuspected() throws {
        let short = try cylinder(slices: (0..<30).filter { $0 != 14 })
        #expect(SeriesExamination(short, positionsAreKnown: true).measures.suspectedGaps.isEmpty)
        // What is there twice is there twice, whatever headers say.
        let repeated = try head(slices: { $0 == 12 ? 11 : $0 })
        #expect(SeriesExamination(repeated, positionsAreKnown: true).measures.duplicateSlices == [13])
    }

    @Test func slicesThatOnlySeemToBeMissingMakeNoSeriesUnusable() throws {
        let short = SeriesExamination(try cylinder(slices: (0..<30).filter { $0 != 14 }))
        var strict = QualityThresholds()
        strict.faultySlices = .init(degraded: 0, unusable: 0)
        #expect(short.verdict(thresholds: strict).code == .degraded)
        let repeated = SeriesExamination(try head(slices: { $0 == 12 ? 11 : $0 }))
        #expect(repeated.verdict(thresholds: strict).code == .unusable)
    }

    /// A ventricle's end, a nucleus's beginning: much changes in one step, but in one place.
    @Test(arguments: [70, 71, 72, 75] as [UInt64])
    func noSliceIsMissingInAWholePhantom(seed: UInt64) throws {
        var configuration = BrainPhantom.Configuration(seed: seed, lesions: [.ringEnhancing, .solidRestricting])
        configuration.sequences = [.t1, .dwi]
        for (_, volume) in try BrainPhantom(configuration).volumes {
            #expect(SeriesExamination(volume).measures.suspectedGaps.isEmpty)
        }
    }

    @Test func saturatedAndConstantImagesAreFound() throws {
        let clipped = SeriesExamination(try head(noise: 10))
        #expect(try #require(clipped.measures.saturation) < 0.001)
        let volume = try head(noise: 10)
        var values = volume.tensor.floats()
        for index in values.indices { values[index] = min(values[index], 620) }
        let saturated = SeriesExamination(
            try Volume(tensor: Tensor(shape: volume.tensor.shape, floats: values), affine: volume.affine))
        let share =
            Double(values.count { $0 == 620 }) / Double(values.count { $0 > 310 })
        #expect(abs(try #require(saturated.measures.saturation) - share) < 0.02)
        #expect(saturated.verdict().code == .unusable)
        let constant = SeriesExamination(try makeVolume([20, 20, 10], .int16) { _, _, _ in 7 })
        #expect(constant.isConstant)
        #expect(constant.verdict().code == .unusable)
        #expect(constant.verdict().reasons == ["every voxel has the same value"])
    }

    @Test func thresholdsDecide() throws {
        let examination = SeriesExamination(try head(noise: 25))
        var thresholds = QualityThresholds()
        #expect(examination.verdict(thresholds: thresholds).code == .ok)
        thresholds.signalToNoise = .init(degraded: 100, unusable: 1)
        #expect(examination.verdict(thresholds: thresholds).code == .degraded)
        thresholds.signalToNoise.unusable = 90
        #expect(examination.verdict(thresholds: thresholds).code == .unusable)
        #expect(examination.verdict(coverage: 0.4).code == .degraded)
        #expect(examination.verdict(coverage: 0).code == .unusable)
        thresholds = QualityThresholds()
        thresholds.sliceSpacing = .init(degraded: 3, unusable: 20)
        let reasons = examination.verdict(thresholds: thresholds).reasons
        #expect(reasons == ["4.0 mm from slice to slice; limit 3.0"])
    }

    @Test func anyShapeIsExamined() throws {
        for shape in [[1, 1, 1], [1, 40, 40], [2, 2, 2], [5, 1, 300], [40, 40, 1]] {
            let examination = SeriesExamination(try makeVolume(shape) { i, j, k in Double((i * 31 + j * 17 + k) % 9) })
            #expect(examination.measures.sliceSpacingMM == 1)
        }
    }
}

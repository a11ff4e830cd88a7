import Foundation
import Contracts
import Imaging
import Tensors
import Testing

@Suite struct NodeMeasuresTests {
    private static let spacing = Point(0.5, 0.5, 3)

    /// A node in three slices whose outline in the middle one is given by the radius in mm at each angle.
    private func node(
        spacing: Point = spacing, value: (Int, Int) -> Double = { _, _ in 100 }, radius: (Double) -> Double
    ) throws -> (region: Region, volume: Volume) {
        let affine = Affine(spacing: spacing, origin: Point(-20, -20, 0))
        let shape = [Int(40 / spacing.x), Int(40 / spacing.y), 5]
        let mask = try makeVolume(shape, .uint8, affine: affine) { i, j, k in
            let place = affine.apply(Point(Double(i), Double(j), 0)) - Point(0.13, -0.21, 0)
            let angle = angle(place.y, place.x)
            let share = k == 2 ? 1.0 : (1...3 ~= k ? 0.6 : 0)
            return (place.x * place.x + place.y * place.y).squareRoot() <= share * radius(angle) ? 1 : 0
        }
        let volume = try makeVolume(shape, affine: affine) { i, j, _ in value(i, j) }
        return (try #require(try MaskRegions().regions(of: mask).first), volume)
    }

    @Test(arguments: [(9.0, 9.0), (9, 6), (8, 4), (6, 4), (4, 3)])
    func anEllipseIsAsRoundAsItsAxesAndHasASmoothBorder(long: Double, short: Double) throws {
        let (region, volume) = try node { angle in
            let (c, s) = cosineAndSine(angle - 0.5)
            return long * short / ((short * c) * (short * c) + (long * s) * (long * s)).squareRoot()
        }
        let measures = try #require(NodeMeasures(of: region, in: volume))
        #expect(measures.plane == .axial)
        #expect(abs(measures.roundness - short / long) < 0.03)
        #expect(measures.borderIrregularity < 0.025)
        #expect(measures.signalHeterogeneity == 0)
    }

    @Test(arguments: [(0.1, 3), (0.15, 5), (0.2, 4), (0.25, 6)])
    func aWavyBorderIsAsIrregularAsItsWaves(amplitude: Double, waves: Int) throws {
        let (region, volume) = try node(spacing: Point(0.4, 0.4, 3)) {
            9 * (1 + amplitude * cosineAndSine(Double(waves) * $0).0)
        }
        let measures = try #require(NodeMeasures(of: region, in: volume))
        // The root mean square of a cosine is its amplitude by the square root of two.
        #expect(abs(measures.borderIrregularity - amplitude / 2.0.squareRoot()) < 0.15 * amplitude)
    }

    @Test func signalHeterogeneityIsTheCoefficientOfVariationInside() throws {
        // Columns of 80 and 120 in turn: mean 100, deviation 20. The world outside is much brighter.
        let (region, volume) = try node(value: { i, _ in i % 2 == 0 ? 80 : 120 }, radius: { _ in 8 })
        let measures = try #require(NodeMeasures(of: region, in: volume))
        #expect(abs(measures.signalHeterogeneity - 0.2) < 0.005)
    }

    @Test func noiseIsNotHeterogeneity() throws {
        var noise = SeededNoise(seed: 3)
        let values = (0..<6400).map { _ in 100 + 15 * noise.normal() }
        let (region, volume) = try node(value: { values[$0 + 80 * $1] }, radius: { _ in 9 })
        #expect(abs(try #require(NodeMeasures(of: region, in: volume)).signalHeterogeneity - 0.15) < 0.02)
        #expect(try #require(NodeMeasures(of: region, in: volume, noise: 15)).signalHeterogeneity < 0.05)
    }

    @Test func aBoxAndATinyNodeHaveNoShape() throws {
        let (tiny, volume) = try node { _ in 0.8 }
        #expect(NodeMeasures(of: tiny, in: volume) == nil)
        let box = try BoxRegions().regions(
            of: [RegionBox(frame: .world, minimum: [-5, -5, 2], maximum: [5, 5, 8])], in: [volume])
        #expect(NodeMeasures(of: box[0], in: volume) == nil)
    }

    @Test func phantomsNodesAreToldApartByTheDefaults() throws {
        var right = 0
        for seed in 1...12 {
            let phantom = try LymphNodePhantom(.init(seed: UInt64(seed)))
            let regions = try MaskRegions().regions(of: phantom.mask, labels: [1, 2])
            for (region, isPositive) in zip(regions, [false, true]) {
                guard let measures = NodeMeasures(of: region, in: phantom.volume, noise: 18) else { continue }
                let criteria = measures.criteria(shortAxisMM: region.location.shortAxisMM)
                right += criteria.withoutShortAxis.isSuspicious == isPositive ? 1 : 0
            }
        }
        #expect(right >= 20)
    }

    /// The table of the paper and of the consensus.
    @Test(arguments: [
        (4.9, 2, true, false, false), (4.9, 3, true, true, true), (5, 2, true, true, true), (5, 1, false, false, false),
        (8.9, 2, true, true, true), (9, 1, false, false, true), (9, 2, true, true, true), (9.1, 2, true, false, true),
        (9.1, 3, true, true, true), (12, 0, false, false, true),
    ])
    func readersRulesCountAsTheyAreWritten(
        axis: Double, met: Int, without: Bool, paper: Bool, esgar: Bool
    ) {
        #expect(ReaderCall(rule: .withoutShortAxis, shortAxisMM: axis, met: met).isSuspicious == without)
        #expect(ReaderCall(rule: .paper, shortAxisMM: axis, met: met).isSuspicious == paper)
        #expect(ReaderCall(rule: .esgar, shortAxisMM: axis, met: met).isSuspicious == esgar)
    }

    @Test func criteriaCountFromTheirThresholdsOn() throws {
        let (region, volume) = try node { _ in 8 }
        let measures = try #require(NodeMeasures(of: region, in: volume))
        let settings = NodeCriteriaSettings(
            borderIrregularity: 0, signalHeterogeneity: 1, roundness: 0.9, rule: .esgar)
        let criteria = measures.criteria(shortAxisMM: 16, settings: settings)
        #expect(criteria.borderIrregularity.isMet && !criteria.signalHeterogeneity.isMet && criteria.roundness.isMet)
        #expect(criteria.withShortAxis == ReaderCall(rule: .esgar, shortAxisMM: 16, met: 2))
        #expect(criteria.withoutShortAxis.isSuspicious)
    }
}

private func cosineAndSine(_ angle: Double) -> (Double, Double) { (cos(angle), sin(angle)) }

private func angle(_ y: Double, _ x: Double) -> Double { atan2(y, x) }

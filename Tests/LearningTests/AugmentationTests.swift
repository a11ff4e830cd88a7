import Foundation
import Learning
import Tensors
import Testing

/// What augmentation changes, and what it does not.
struct AugmentationTests {
    private func settings(_ change: (inout AugmentationSettings) -> Void) -> AugmentationSettings {
        var settings = AugmentationSettings.none
        settings.isEnabled = true
        change(&settings)
        return settings
    }

    private func maker(
        _ examples: PreparedExamples, _ settings: AugmentationSettings, seed: UInt64 = 1, extents: [Int], channels: Int
    ) -> BatchMaker {
        BatchMaker(examples, augmentation: settings, seed: seed, extents: extents, channels: channels)
    }

    @Test func marginIsCutOffExactly() throws {
        let examples = try Samples.examples(2, shape: [2, 12, 14, 16], masks: true)
        let batch = try maker(examples, .none, extents: [8, 10, 12], channels: 2).make([1], epoch: 0)
        let whole = examples.items[1].tensor.floats()
        let cut = batch.input.floats()
        for channel in 0..<2 {
            for z in 0..<8 {
                for y in 0..<10 {
                    for x in 0..<12 {
                        let source = whole[((channel * 12 + z + 2) * 14 + y + 2) * 16 + x + 2]
                        #expect(cut[((channel * 8 + z) * 10 + y) * 12 + x] == source)
                    }
                }
            }
        }
        #expect(batch.masks?.shape == [1, 8, 10, 12])
    }

    @Test func changesDependOnSeedEpochAndExampleAlone() throws {
        let examples = try Samples.examples(4, shape: [1, 12, 12, 12])
        let all = settings {
            $0.flips = [.x, .y, .z]
            $0.rotation = 10
            $0.scaling = 0.1
            $0.noise = 0.1
            $0.intensityShift = 0.1
        }
        let maker = maker(examples, all, extents: [8, 8, 8], channels: 1)
        let alone = try maker.make([2], epoch: 3).input.floats()
        let among = try maker.make([0, 1, 2, 3], epoch: 3).input.floats()
        #expect(Array(among[1024..<1536]) == alone)
        #expect(try maker.make([2], epoch: 4).input.floats() != alone)
        let other = self.maker(examples, all, seed: 2, extents: [8, 8, 8], channels: 1)
        #expect(try other.make([2], epoch: 3).input.floats() != alone)
    }

    @Test func flipsMirrorAndLoseNothing() throws {
        let examples = try Samples.examples(1, shape: [1, 4, 5, 6])
        let maker = maker(examples, settings { $0.flips = [.x] }, extents: [4, 5, 6], channels: 1)
        let plain = examples.items[0].tensor.floats()
        let mirrored: [Float] = plain.indices.map { (place: Int) -> Float in
            let column: Int = place % 6
            return plain[place - column + 5 - column]
        }
        let seen = try Set((0..<20).map { try maker.make([0], epoch: $0).input.floats() })
        #expect(seen == [plain, mirrored])
    }

    @Test func maskTurnsWithTheImage() throws {
        // The image is its own mask.
        let mask = try #require(try Samples.examples(1, shape: [1, 12, 12, 12], masks: true).items[0].mask)
        let example = PreparedExamples.Item(
            example: Samples.example(0), label: 0, tensor: try mask.reshaped(to: [1, 12, 12, 12]), mask: mask)
        let examples = PreparedExamples(items: [example])
        let turned = settings {
            $0.flips = [.x, .y, .z]
            $0.rotation = 30
            $0.scaling = 0.2
        }
        let batch = try maker(examples, turned, extents: [8, 8, 8], channels: 1).make([0], epoch: 1)
        #expect(batch.masks?.floats() == batch.input.floats())
        #expect(batch.input.floats() != mask.floats())
    }

    @Test func rotationByASmallAngleMovesALinearImageAsGeometrySays() throws {
        // f = x: its turned copy is linear, too, and its slope along x is the cosine of an angle of at most 20 degrees.
        let side = 24
        let ramp = (0..<side * side * side).map { Float($0 % side) }
        let item = PreparedExamples.Item(
            example: Samples.example(0), label: 0, tensor: try Tensor(shape: [1, side, side, side], floats: ramp),
            mask: nil)
        let maker = maker(
            PreparedExamples(items: [item]), settings { $0.rotation = 20 }, extents: [12, 12, 12], channels: 1)
        for epoch in 0..<5 {
            let values = try maker.make([0], epoch: epoch).input.floats()
            func at(_ x: Int, _ y: Int, _ z: Int) -> Float { values[(z * 12 + y) * 12 + x] }
            let slope = (at(1, 0, 0) - at(0, 0, 0), at(0, 1, 0) - at(0, 0, 0), at(0, 0, 1) - at(0, 0, 0))
            let length = (slope.0 * slope.0 + slope.1 * slope.1 + slope.2 * slope.2).squareRoot()
            #expect(abs(length - 1) < 1e-4)
            #expect(slope.0 > 0.8)
            #expect(abs(at(11, 11, 11) - at(0, 0, 0) - 11 * (slope.0 + slope.1 + slope.2)) < 1e-3)
            // It turns about its middle.
            #expect(abs((at(5, 5, 5) + at(6, 6, 6)) / 2 - Float(side - 1) / 2) < 1e-3)
        }
    }

    @Test func noiseHasTheDeviationThatWasDrawn() throws {
        let zeros = try Tensor(shape: [1, 32, 32, 32], floats: [Float](repeating: 0, count: 32768))
        let items = (0..<20).map {
            PreparedExamples.Item(example: Samples.example($0), label: 0, tensor: zeros, mask: nil)
        }
        let maker = maker(
            PreparedExamples(items: items), settings { $0.noise = 0.5 }, extents: [32, 32, 32], channels: 1)
        var deviations: [Double] = []
        for place in 0..<20 {
            let values = try maker.make([place], epoch: 0).input.floats().map(Double.init)
            let mean = values.reduce(0, +) / 32768
            let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 32768).squareRoot()
            #expect(abs(mean) < 4 * deviation / 181)
            // Kurtosis of a normal distribution is 3.
            let fourth = values.reduce(0) { $0 + pow(($1 - mean) / deviation, 4) } / 32768
            #expect(abs(fourth - 3) < 0.2)
            deviations.append(deviation)
        }
        #expect(deviations.allSatisfy { (0...0.5).contains($0) })
        #expect(try #require(deviations.max()) > 0.3 && (try #require(deviations.min())) < 0.2)
    }

    @Test func cutOutFillsThreeEqualChannelsAndKeepsItsMarginFlat() throws {
        // A picture of 8 × 8 in the middle of 16 × 16; around it the fill, −1.
        var pixels = [Float](repeating: -1, count: 256)
        for row in 4..<12 {
            for column in 4..<12 { pixels[row * 16 + column] = Float(row * 16 + column) / 256 }
        }
        let item = PreparedExamples.Item(
            example: Samples.example(0), label: 0, tensor: try Tensor(shape: [1, 16, 16], floats: pixels), mask: nil)
        let settings = settings {
            $0.rotation = 180
            $0.noise = 0.05
        }
        let maker = BatchMaker(
            PreparedExamples(items: [item]), augmentation: settings, seed: 1, extents: [16, 16], channels: 3, fill: -1)
        let batch = try maker.make([0], epoch: 0)
        #expect(batch.input.shape == [1, 3, 16, 16])
        let values = batch.input.floats()
        #expect(Array(values[0..<256]) == Array(values[256..<512]) && Array(values[0..<256]) == Array(values[512...]))
        #expect(values[0] == -1 && values[255] == -1)
        #expect(values[0..<256].count { $0 != -1 } > 40)
        let plain = BatchMaker(
            PreparedExamples(items: [item]), augmentation: .none, seed: 1, extents: [16, 16], channels: 3, fill: -1)
        #expect(Array(try plain.make([0], epoch: 0).input.floats()[0..<256]) == pixels)
    }
}

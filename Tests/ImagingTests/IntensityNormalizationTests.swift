import Foundation
import Imaging
import Tensors
import Testing

@Suite struct IntensityNormalizationTests {
    @Test func zScoreOverNonzeroVoxelsHasMeanZeroAndDeviationOne() throws {
        // Half background; the head's values are 100, 102, 104, … in turn.
        let volume = try makeVolume([20, 20, 20], .int16) { i, j, _ in i < 10 ? 0 : Double(100 + 2 * (j % 5)) }
        let parameters = IntensityNormalization(method: .zScore).parameters(for: volume)
        #expect(abs(parameters.shift - 104) < 1e-9)
        #expect(abs(parameters.scale - 1 / 8.0.squareRoot()) < 1e-9)
        #expect(abs(parameters.apply(to: 104)) < 1e-12)
    }

    @Test func otsuTellsANoisyBackgroundFromTheHead() throws {
        let volume = try makeVolume([24, 24, 24], .int16) { i, j, k in
            i < 12 ? Double(1 + (i + j + k) % 7) : Double(400 + (j * 3 + k) % 21)
        }
        let parameters = IntensityNormalization(method: .zScore).parameters(for: volume)
        #expect(parameters.shift > 400)
        #expect(parameters.shift < 421)
    }

    @Test func minMaxBringsThePercentilesToZeroAndOne() throws {
        let volume = try makeVolume([10, 10, 10], .int16) { Double($0 + 10 * $1 + 100 * $2) }
        let normalization = IntensityNormalization(
            method: .minMax, measured: .all, lowerPercentile: 10, upperPercentile: 90)
        let parameters = normalization.parameters(for: volume)
        // NumPy's percentiles of 0…999.
        #expect(abs(parameters.shift - 99.9) < 1e-3)
        #expect(abs(1 / parameters.scale - 799.2) < 1e-3)
        #expect(parameters.apply(to: -5) == 0)
        #expect(parameters.apply(to: 2000) == 1)
    }

    @Test func slopeAndInterceptComeBeforeMeasuring() throws {
        let stored = { (i: Int, j: Int, k: Int) in Double((i * 5 + j * 3 + k) % 17) }
        let plain = try makeVolume([12, 12, 12]) { stored($0, $1, $2) * 3 + 20 }
        let scaled = try makeVolume([12, 12, 12], .uint8, slope: 3, intercept: 20, stored)
        let normalization = IntensityNormalization(method: .zScore, measured: .all)
        let expected = normalization.parameters(for: plain)
        let found = normalization.parameters(for: scaled)
        #expect(abs(expected.shift - found.shift) < 1e-6)
        #expect(abs(expected.scale - found.scale) < 1e-9)
    }

    @Test func aCoarseGridMeasuresALargeVolumeClosely() throws {
        // A smooth field: its exact mean is 500.
        let volume = try makeVolume([120, 108, 96], .int16) { i, j, k in
            500 + 200 * sin(Double(i) * .pi / 30) * cos(Double(j) * .pi / 27) + Double(k % 2)
        }
        let parameters = IntensityNormalization(method: .zScore, measured: .all).parameters(for: volume)
        #expect(abs(parameters.shift - 500) < 5)
        #expect(abs(1 / parameters.scale - 100) < 5)
    }

    @Test func aVolumeWithoutContrastIsNotDividedByZero() throws {
        let volume = try makeVolume([8, 8, 8], .uint8) { _, _, _ in 9 }
        for method in [IntensityNormalization.Method.zScore, .minMax, .none] {
            #expect(IntensityNormalization(method: method).parameters(for: volume).scale == 1)
        }
        let empty = try makeVolume([8, 8, 8], .uint8) { _, _, _ in 0 }
        #expect(IntensityNormalization(method: .zScore).parameters(for: empty) == NormalizationParameters.identity)
    }

    @Test func modelFoldersMayNameTheMethodAlone() throws {
        let decoder = JSONDecoder()
        let short = try decoder.decode(IntensityNormalization.self, from: Data(#"{"method": "z-score"}"#.utf8))
        #expect(short == IntensityNormalization(method: .zScore))
        let long = IntensityNormalization(method: .minMax, measured: .nonzero, lowerPercentile: 2, upperPercentile: 98)
        #expect(try decoder.decode(IntensityNormalization.self, from: JSONEncoder().encode(long)) == long)
    }
}

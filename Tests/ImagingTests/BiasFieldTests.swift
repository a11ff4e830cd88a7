import Contracts
import Imaging
import Tensors
import Testing

/// N4 against a known field and against SimpleITK; see Fixtures/make_fixtures.py.
struct BiasFieldTests {
    private static func correlation(_ one: [Float], _ other: [Float], _ mask: [UInt8]) -> Double {
        let chosen = mask.indices.filter { mask[$0] != 0 }
        let count = Double(chosen.count)
        var (x, y) = (0.0, 0.0)
        for index in chosen {
            x += Double(one[index]) / count
            y += Double(other[index]) / count
        }
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for index in chosen {
            let a = Double(one[index]) - x
            let b = Double(other[index]) - y
            xx += a * a
            yy += b * b
            xy += a * b
        }
        return xy / (xx * yy).squareRoot()
    }

    @Test func theKnownFieldIsFoundAsSimpleITKFindsIt() throws {
        let file = try ResamplingTests.fixture("biasfield")
        let volume = try Volume(tensor: file.requiredTensor("biased"), affine: .identity)
        let mask = { (name: String) throws in try file.requiredTensor(name) }
        let bytes = try mask("mask").buffer.withUnsafeBytes { Array($0) }
        var correction = BiasFieldCorrection()
        correction.iterations = [20, 20, 20]
        let corrected = try correction.correct(volume, mask: bytes)
        let field = corrected.logarithmicField.tensor.floats()
        #expect(Self.correlation(field, try mask("field").floats(), bytes) > 0.99)
        let reference = try mask("simpleitk").floats()
        #expect(Self.correlation(field, reference, bytes) > 0.999)
        // What is divided out is the field.
        let values = corrected.volume.tensor.floats()
        for (index, stored) in volume.tensor.floats().enumerated() where index % 97 == 0 {
            #expect(abs(Double(values[index]) * exponential(Double(field[index])) - Double(stored)) < 0.01)
        }
    }

    private func exponential(_ x: Double) -> Double {
        var (sum, term) = (1.0, 1.0)
        for index in 1..<30 {
            term *= x / Double(index)
            sum += term
        }
        return sum
    }

    @Test func aVolumeWithoutContrastStaysAsItIs() throws {
        let volume = try makeVolume([9, 8, 7]) { _, _, _ in 5 }
        let corrected = try BiasFieldCorrection().correct(volume)
        #expect(corrected.volume.tensor.floats().allSatisfy { abs($0 - 5) < 1e-4 })
        let empty = try BiasFieldCorrection().correct(volume, mask: [UInt8](repeating: 0, count: 504))
        #expect(empty.volume.tensor.floats() == volume.tensor.floats())
    }

    @Test func parametersThatCannotBeUsedAreRefused() throws {
        let volume = try makeVolume([9, 8, 7]) { i, _, _ in Double(i) }
        #expect(
            try reason { _ = try BiasFieldCorrection().correct(volume, mask: [1]) } == .niftiDimensionsInvalid)
        var correction = BiasFieldCorrection()
        correction.iterations = []
        #expect(try reason { _ = try correction.correct(volume) } == .modelDamaged)
    }
}

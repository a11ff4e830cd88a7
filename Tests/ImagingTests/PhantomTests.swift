import Contracts
import Digests
import Imaging
import Tensors
import Testing

@Suite struct PhantomTests {
    private func configuration(_ seed: UInt64, _ shape: [Int] = [36, 42, 36]) -> BrainPhantom.Configuration {
        var configuration = BrainPhantom.Configuration(seed: seed, lesions: [.ringEnhancing, .solidRestricting])
        configuration.shape = shape
        configuration.spacing = Point(4, 4, 4)
        return configuration
    }

    private func digest(_ volume: Volume) -> String { volume.tensor.buffer.withUnsafeBytes { Digest.sha256Hex($0) } }

    @Test func theSameSeedMakesTheSameHeadAndAnotherSeedAnother() throws {
        let first = try BrainPhantom(configuration(3))
        let again = try BrainPhantom(configuration(3))
        let other = try BrainPhantom(configuration(4))
        #expect(first.volumes.count == 5)
        for sequence in MRSequence.allCases {
            let volume = try #require(first.volumes[sequence])
            #expect(volume.tensor == again.volumes[sequence]?.tensor)
            #expect(volume.tensor != other.volumes[sequence]?.tensor)
        }
        #expect(first.mask.tensor == again.mask.tensor)
        #expect(first.lesions == again.lesions)
    }

    @Test func theNumbersAreThoseOfEveryMachine() throws {
        // SplitMix64 of seed 0, from its authors' reference.
        var random = PhantomRandom(seed: 0)
        #expect(random.next() == 0xe220_a839_7b1d_cdaf)
        #expect(random.next() == 0x6e78_9e6a_a1b9_65f4)
        let phantom = try BrainPhantom(configuration(1, [24, 24, 24]))
        #expect(digest(phantom.mask) == "4e067e33c0ea7d5788d5535c61756445cf100538b4a51aff6d3cb3636d4b5c85")
        #expect(
            digest(try #require(phantom.volumes[.t1ce]))
                == "62cb764313736b7f92231c191ec01c9c8d146232c5c8647b3fc5744ff9b96538")
        var node = LymphNodePhantom.Configuration(seed: 1)
        node.shape = [64, 64, 8]
        node.spacing = Point(2, 2, 6)
        let pelvis = try LymphNodePhantom(node)
        #expect(digest(pelvis.mask) == "928a647a6f18314319b27cfc6cdc171761600b34604dda21c88995c3c9344a8a")
        #expect(digest(pelvis.volume) == "85c78be12191b43f0979ab793b50b78f450477f2e4fb1101059e754fe01d56c2")
    }

    @Test func leavingASequenceOutChangesNoOther() throws {
        var configuration = configuration(9)
        let whole = try BrainPhantom(configuration)
        configuration.sequences = [.t2, .dwi]
        let part = try BrainPhantom(configuration)
        #expect(Set(part.volumes.keys) == [.t2, .dwi])
        #expect(part.volumes[.dwi]?.tensor == whole.volumes[.dwi]?.tensor)
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func theMaskHoldsOneComponentForEachLesionWhereItWasPut(seed: UInt64) throws {
        var configuration = BrainPhantom.Configuration(seed: seed, lesions: LesionAppearance.all)
        configuration.shape = [56, 64, 56]
        configuration.spacing = Point(3.5, 3.5, 3.5)
        configuration.sequences = []
        let phantom = try BrainPhantom(configuration)
        #expect(try MaskRegions().regions(of: phantom.mask).count == 4)
        let regions = try MaskRegions().regions(of: phantom.mask, labels: [1, 2, 3, 4])
        for (region, lesion) in zip(regions, phantom.lesions) {
            #expect((region.centroid - lesion.center).length < 0.3 * lesion.radius + 1)
            let sphere = 4.0 / 3 * Double.pi * lesion.radius * lesion.radius * lesion.radius
            #expect(0.5...1.7 ~= region.location.volumeMM3 / sphere)
        }
    }

    @Test func aRingEnhancingLesionIsBrightAtItsRimAndDarkInside() throws {
        var configuration = BrainPhantom.Configuration(seed: 21, lesions: [.ringEnhancing])
        configuration.shape = [48, 56, 48]
        configuration.spacing = Point(4, 4, 4)
        configuration.sequences = [.t1ce, .t2]
        let phantom = try BrainPhantom(configuration)
        let lesion = phantom.lesions[0]
        let enhanced = try #require(phantom.volumes[.t1ce])
        let inverse = try enhanced.affine.inverted()
        func mean(from near: Double, to far: Double) -> Double {
            var values: [Double] = []
            for k in 0..<enhanced.shape[2] {
                for j in 0..<enhanced.shape[1] {
                    for i in 0..<enhanced.shape[0] {
                        let place = enhanced.affine.apply(Point(Double(i), Double(j), Double(k)))
                        let share = (place - lesion.center).length / lesion.radius
                        if near..<far ~= share { values.append(enhanced.value(i, j, k) ?? 0) }
                    }
                }
            }
            return values.reduce(0, +) / Double(max(values.count, 1))
        }
        #expect(mean(from: 0.7, to: 0.85) > 2.5 * mean(from: 0, to: 0.45))
        #expect(mean(from: 0.7, to: 0.85) > 1.5 * mean(from: 1.3, to: 1.6))
        let center = inverse.apply(lesion.center).rounded(.toNearestOrAwayFromZero)
        #expect(phantom.mask.value(Int(center.x), Int(center.y), Int(center.z)) == 1)
    }

    @Test func smallAndObliqueHeadsCanBeMade() throws {
        var small = configuration(2, [24, 24, 24])
        small.spacing = Point(2, 2, 2)
        small.rotation = Point(0.1, -0.05, 0.2)
        let phantom = try BrainPhantom(small)
        #expect(try MaskRegions().regions(of: phantom.mask, labels: [1, 2]).count == 2)
        let affine = phantom.mask.affine
        #expect((affine.spacing - Point(2, 2, 2)).length < 1e-12)
        #expect(abs(affine.first.dot(affine.second)) < 1e-12)
        #expect(abs(affine.determinant - 8) < 1e-12)
        #expect(affine.first.y != 0)
    }

    @Test func lesionsThatDoNotFitAreRefused() throws {
        var crowded = configuration(2, [24, 24, 24])
        crowded.spacing = Point(2, 2, 2)
        crowded.lesions = Array(repeating: .ringEnhancing, count: 255)
        #expect(try reason { _ = try BrainPhantom(crowded) } == .tooManyRegions)
        var shapeless = configuration(2)
        shapeless.shape = [10, 0, 10]
        #expect(try reason { _ = try BrainPhantom(shapeless) } == .niftiDimensionsInvalid)
        shapeless.shape = [10, 10, 10]
        shapeless.rotation = Point(1, 1, 1)
        #expect(try reason { _ = try BrainPhantom(shapeless) } == .affineInvalid)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func aPelvisHasItsNodesInTheFatAroundTheRectum(seed: UInt64) throws {
        var configuration = LymphNodePhantom.Configuration(seed: seed, nodes: [.negative, .positive, .negative])
        configuration.shape = [160, 160, 24]
        configuration.spacing = Point(1, 1, 3)
        let phantom = try LymphNodePhantom(configuration)
        #expect(try MaskRegions().regions(of: phantom.mask).count == 3)
        let regions = try MaskRegions().regions(of: phantom.mask, labels: [1, 2, 3])
        for (region, node) in zip(regions, phantom.nodes) {
            #expect((region.centroid - node.center).length < 4)
            #expect(abs(region.location.shortAxisMM - node.appearance.shortAxis) < 0.35 * node.appearance.shortAxis + 1)
            let section = try CrossSection(of: region, in: phantom.volume, plane: .axial)
            let picture = CutOut(section, of: phantom.volume)
            #expect(picture.width >= 3)
            #expect(picture.height >= 3)
        }
        #expect(phantom.nodes.map(\.label) == [1, 2, 3])
    }
}

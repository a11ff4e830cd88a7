import Contracts
import Datasets
import Foundation
import Imaging
import Testing

@testable import Phantoms

@Suite struct NodeCohortTests {
    @Test(arguments: [
        (NodeVariety.mesorectal, NodeCohort.Format.png), (.suppressed, .png), (.mesorectal, .jpeg),
    ])
    func cohortsAreDatasetsWithoutProblems(_ variety: NodeVariety, _ format: NodeCohort.Format) async throws {
        let folder = TemporaryFolder()
        let cohort = NodeCohort(nodes: 4, seed: 3, difficulty: .moderate, variety: variety, format: format)
        let truth = try await cohort.write(to: folder.path)
        let dataset = try DatasetReader().read(folder.url)
        #expect(dataset.kind == .lymphNode)
        #expect(dataset.examples.count == truth.examples)
        #expect(Set(dataset.examples.map(\.group)).count == 4)
        #expect(Set(dataset.examples.filter { $0.outcome == .positive }.map(\.group)).count == 2)
        #expect(dataset.examples.allSatisfy { Set($0.readers.keys) == ["reader1", "reader2"] })
        for example in dataset.examples {
            let call = example.readers["reader1"]
            #expect(call?.withShortAxis != nil && call?.withoutShortAxis != nil)
        }
        #expect(abs((truth.attainable.first?.auc ?? 0) - 0.9401025347870409) < 1e-12)
        #expect(truth.variety == variety.rawValue)
    }

    @Test func picturesAreAsLargeAsThePapers() {
        for node in NodeCohort(nodes: 100, seed: 1, difficulty: .easy).phantoms {
            var random = PhantomRandom(seed: UInt64(node.patient))
            let section = NodeSection(node, .mesorectal, &random)
            for zoom in [0.12, 0.2] {
                let (width, height) = section.pixels(zoomedBy: zoom)
                #expect((20...110).contains(width) && (20...110).contains(height))
                // Pixels stay square, but for rounding.
                let sides = Double(section.box.size.x) / Double(section.box.size.y)
                #expect(abs(Double(width) / Double(height) / sides - 1) < 0.06)
            }
        }
    }

    @Test func sizeTellsNothingOfTheStatus() {
        let nodes = NodeCohort(nodes: 2000, seed: 2, difficulty: .easy).phantoms
        func mean(_ status: Outcome) -> Double {
            let sizes = nodes.filter { $0.status == status }.map(\.shortAxis)
            return sizes.reduce(0, +) / Double(sizes.count)
        }
        // Four standard errors.
        #expect(abs(mean(.positive) - mean(.negative)) < 0.4)
        #expect(nodes.allSatisfy { (3...13).contains($0.shortAxis) })
    }

    @Test func theSameSeedMakesTheSamePictures() {
        func pictures(_ seed: UInt64, _ variety: NodeVariety) -> [GrayPicture] {
            let cohort = NodeCohort(nodes: 2, seed: seed, difficulty: .easy, variety: variety)
            return cohort.phantoms.flatMap { cohort.cutouts(of: $0) }.map(\.picture)
        }
        #expect(pictures(4, .mesorectal) == pictures(4, .mesorectal))
        #expect(pictures(4, .mesorectal) != pictures(5, .mesorectal))
        #expect(pictures(4, .mesorectal) != pictures(4, .suppressed))
    }

    /// Measured on the picture, not taken from the latents.
    @Test func mixedNodesLookMixedAndRoundOnesRound() {
        func node(_ latents: [Double]) -> PhantomLymphNode {
            PhantomLymphNode(patient: 1, number: 1, status: .positive, shortAxis: 7, latents: latents)
        }
        func picture(_ latents: [Double], _ seed: UInt64) -> GrayPicture {
            var random = PhantomRandom(seed: seed)
            return NodePicture(node(latents), variety: .mesorectal, random: &random).picture
        }
        func spread(_ picture: GrayPicture) -> Double {
            var values: [Double] = []
            for y in picture.height * 3 / 8..<picture.height * 5 / 8 {
                for x in picture.width * 3 / 8..<picture.width * 5 / 8 { values.append(Double(picture[x, y])) }
            }
            let mean = values.reduce(0, +) / Double(values.count)
            return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot() / mean
        }
        func meanSpread(_ latent: Double) -> Double {
            (1...6 as ClosedRange<UInt64>).reduce(0) { $0 + spread(picture([0, latent, 0], $1)) } / 6
        }
        #expect(meanSpread(2) > 1.5 * meanSpread(-2))
        #expect(node([0, 0, 2]).roundness > node([0, 0, -2]).roundness)
        #expect(node([2, 0, 0]).irregularity > 2 * node([-2, 0, 0]).irregularity)
        #expect((0.4...1).contains(node([0, 0, 9]).roundness) && (0.4...1).contains(node([0, 0, -9]).roundness))
    }

    @Test func readersCallByThePapersRule() {
        // Without errors: all three criteria met, or none.
        let sure = SimulatedReader(name: "reader", error: 0, threshold: 0)
        func calls(_ latent: Double, _ size: Double) -> [Bool] {
            var random = PhantomRandom(seed: 1)
            let node = PhantomLymphNode(
                patient: 1, number: 1, status: .positive, shortAxis: size, latents: [latent, latent, -1])
            let calls = sure.calls(node, random: &random)
            return [calls.without, calls.with]
        }
        // Two of three: enough without the size and from 5 to 9 mm.
        #expect(calls(1, 7) == [true, true])
        #expect(calls(1, 4) == [true, false])
        #expect(calls(1, 11) == [true, false])
        #expect(calls(-1, 7) == [false, false])
    }
}

import NeuralNetwork
import Tensors
import Testing

/// Which code computes a layer is measured on each machine: whatever comes of it, the network gives the same.
struct ChoiceTests {
    @Test(arguments: NetworkFixtureTests.names, 0..<6)
    func anyMixtureOfCodesGivesTheReferencesLogits(name: String, seed: UInt64) throws {
        let fixture = try NetworkFixture(name)
        let backend = ChannelsLastBackend { key in
            var generator = KeyedGenerator(seed: seed, key: key)
            // Every third mixture has many siblings computed directly together, with others between them.
            if seed % 3 == 0, generator.next() % 4 != 0 { return .direct }
            return ConvolutionChoice.allCases[Int(generator.next() % UInt64(ConvolutionChoice.allCases.count))]
        }
        let settings = ComputeSettings(threads: 1 + Int(seed % 3), precision: .float32)
        let plan = try InferencePlan(
            graph: try fixture.architecture.graph(), parameters: try fixture.parameters(), settings: settings,
            backend: backend)
        for number in 0..<2 {
            let expected = try fixture.file.requiredTensor("logits.\(number)").floats()
            let largest = expected.map(abs).max() ?? 0
            for _ in 0..<2 {
                let logits = try plan.run(try fixture.input(number)).floats()
                #expect(largestDifference(logits, expected) < 1e-4 * largest)
            }
        }
    }

    /// Numbers that depend on a seed and a text only.
    private struct KeyedGenerator {
        private var state: UInt64

        init(seed: UInt64, key: String) {
            // FNV-1a.
            state = key.utf8.reduce(0xcbf2_9ce4_8422_2325 &+ seed) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        }

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }
}

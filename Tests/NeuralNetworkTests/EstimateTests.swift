import NeuralNetwork
import Testing

/// What is known of a computation before it is begun.
struct EstimateTests {
    @Test func memoryIsRefusedWithTheFigures() throws {
        let graph = try ResNet3D(depth: 18, inputChannels: 3, classes: 2).graph()
        let small = try MemoryEstimate(graph: graph, batch: 1, extent: .cube(64), keepsActivations: false)
        // Parameters as stored and made ready: 2 · 33.2 M · 4 bytes; 3 values of 64 · 32³; the input.
        #expect(abs(small.byteCount / (2 * 33_181_794 * 4 + 3 * 64 * 32_768 * 4 + 3 * 262_144 * 4) - 1) < 0.01)
        #expect(throws: Never.self) { try small.check(available: 1e9) }
        #expect(throws: Never.self) { try small.check(available: nil) }
        let large = try MemoryEstimate(graph: graph, batch: 100_000, extent: .cube(64), keepsActivations: false)
        #expect(throws: NeuralNetworkError.notEnoughMemory(needed: large.byteCount, available: 16e9)) {
            try large.check(available: 16e9)
        }
        #expect("\(NeuralNetworkError.notEnoughMemory(needed: 314.6e9, available: 16e9))".contains("314.6 GB"))
    }

    @Test func sizesBeyondAllNumbersAreOnlyLarge() throws {
        let graph = try ResNet3D(depth: 18, inputChannels: 1024, classes: 2).graph()
        let extent = Extent.cube(1 << 20)
        let estimate = try MemoryEstimate(graph: graph, batch: 1 << 40, extent: extent, keepsActivations: true)
        #expect(estimate.byteCount > 1e30 && estimate.byteCount.isFinite)
        #expect("\(NeuralNetworkError.notEnoughMemory(needed: estimate.byteCount, available: 1))".contains("e+"))
        let table = try LayerTable(graph: graph, extent: extent)
        #expect(table.flops == .max)
    }

    @Test func thisMachineHasMemory() {
        let bytes = AvailableMemory.byteCount
        #expect(bytes == nil || bytes! > 1e6)
    }

    @Test func layerTableAddsUp() throws {
        let graph = try ResNet3D(depth: 18, inputChannels: 1, classes: 2).graph()
        let table = try LayerTable(graph: graph, extent: .cube(64))
        #expect(table.parameters == 33_161_026)
        #expect(table.rows.map(\.parameters).reduce(0, +) == table.parameters)
        #expect(table.rows.map(\.flops).reduce(0, +) == table.flops)
        let stem = try #require(table.rows.first)
        #expect(stem.name == "conv1" && stem.kind == "convolution" && stem.output == [64, 32, 32, 32])
        #expect(stem.parameters == 64 * 343 && stem.flops == 2 * 64 * 343 * 32_768)
        let last = try #require(table.rows.last)
        #expect(last.name == "fc" && last.kind == "linear" && last.output == [2])
        #expect(last.parameters == 1026 && last.flops == 2048)
        let flat = try LayerTable(graph: try InceptionV3(classes: 1).graph(), extent: Extent(1, 299, 299))
        #expect(flat.rows.first?.output == [32, 149, 149])
        #expect(flat.rows.first { $0.name == "Mixed_7c" }?.output == [2048, 8, 8])
    }
}

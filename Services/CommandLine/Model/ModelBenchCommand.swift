import ArgumentParser
import Classifiers
import NeuralNetwork
import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// `oncorelay model bench DIR`
struct ModelBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure a network's forward pass.",
        discussion: """
            Runs seeded noise through the network: twice to warm up, then --repeat times. Prints JSON: "median_ms" and \
            "min_ms" of one forward pass of the whole batch, "flops" of that pass (a multiply and an add are two), \
            "backend", "precision" ('auto' unless told otherwise), "peak_rss_mb" of this process, and what was asked for.

            Machines drift and throttle: compare only what ran side by side.

            Exit codes: 0 measured, 64 wrong use, 65 the model cannot be used, or not on so large an input.
            """)

    @Argument(help: ArgumentHelp("The model folder.", valueName: "dir"), completion: .directory)
    var folder: String

    @Option(help: ArgumentHelp("Items of the batch.", valueName: "n"))
    var batch = 1

    @Option(help: ArgumentHelp("Extents D,H,W or H,W (default: those of model.json).", valueName: "n,n,n"))
    var size: NumberList?

    @Option(name: .customLong("repeat"), help: ArgumentHelp("Measured passes.", valueName: "n"))
    var repeats = 10

    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        guard (1...1_000_000).contains(batch) else {
            throw ValidationError("--batch: expected 1 to 1000000, found \(batch)")
        }
        guard (1...1_000_000).contains(repeats) else {
            throw ValidationError("--repeat: expected 1 to 1000000, found \(repeats)")
        }
    }

    /// What is printed. The names are fixed.
    struct Report: Encodable {
        let medianMilliseconds: Double
        let minimumMilliseconds: Double
        let flops: Int
        let backend: String
        let precision: String
        let peakResidentMegabytes: Double
        let batch: Int
        let size: [Int]
        let threads: Int
        let repeats: Int

        enum CodingKeys: String, CodingKey {
            case medianMilliseconds = "median_ms"
            case minimumMilliseconds = "min_ms"
            case peakResidentMegabytes = "peak_rss_mb"
            case flops, backend, precision, batch, size, threads
            case repeats = "repeat"
        }
    }

    func run() async throws {
        let folder = try NetworkFolder.load(path: folder)
        guard let weights = folder.weights else { return }
        let extent = try NetworkInput.extent(size, of: folder)
        let size = extent.components(rank: folder.architecture.spatialRank)
        let settings = compute.settings(precision: .automatic)
        try NetworkInput.checkMemory(
            folder.graph, batch: batch, extent: extent, keepsActivations: false, settings: settings)
        let flops = try LayerTable(graph: folder.graph, extent: extent).flops
        let input = try Self.noise(shape: [batch, folder.architecture.inputChannels] + size)
        let plan = try ComputeOptions.plan(folder.graph, weights.parameters, settings)
        for _ in 0..<2 { _ = try plan.run(input) }
        var times: [Double] = []
        for _ in 0..<repeats {
            let start = ContinuousClock.now
            _ = try plan.run(input)
            let duration = (ContinuousClock.now - start).components
            times.append(Double(duration.seconds) * 1e3 + Double(duration.attoseconds) * 1e-15)
        }
        let (total, overflow) = flops.multipliedReportingOverflow(by: batch)
        try Console.standard.json(
            Report(
                medianMilliseconds: Self.median(times), minimumMilliseconds: times.min() ?? 0,
                flops: overflow ? .max : total, backend: plan.backend.name, precision: plan.precision.rawValue,
                peakResidentMegabytes: Self.peakResidentMegabytes, batch: batch, size: size,
                threads: settings.threads, repeats: repeats))
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard let last = sorted.indices.last else { return 0 }
        return (sorted[last / 2] + sorted[(last + 1) / 2]) / 2
    }

    /// Standard normal numbers, the same every time.
    private static func noise(shape: [Int]) throws -> Tensor {
        var generator = SeededGenerator(seed: 1)
        return try Tensor(shape: shape, elementType: .float32) { bytes in
            let floats = bytes.bindMemory(to: Float.self)
            for index in floats.indices { floats[index] = Float(generator.normalPair().0) }
        }
    }

    /// The most memory that this process ever held.
    private static var peakResidentMegabytes: Double {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        return Double(usage.ru_maxrss) / 1024
    }
}

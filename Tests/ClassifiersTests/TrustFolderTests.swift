import Classifiers
import Contracts
import Foundation
import NeuralNetwork
import Tensors
import Testing

/// Trust in a model's folder, and how it is applied.
struct TrustFolderTests {
    private static let shape = [1, 12, 14, 16]

    private func batch(_ items: Int, seed: UInt64, scale: Double = 1) throws -> Tensor {
        var generator = SeededGenerator(seed: seed)
        let count = items * Self.shape.reduce(1, *)
        let floats = (0..<count).map { _ in Float(scale * generator.normalPair().0) }
        return try Tensor(shape: [items] + Self.shape, floats: floats)
    }

    /// A folder whose network saw noise in training, and labels by its own logits that are now and then wrong.
    private func trusted(
        _ folder: String, classes: Int = 2, threshold: Double = 0.5, _ change: (inout TrustFitter) -> Void = { _ in }
    ) async throws -> (written: Trust.Written, logits: [[Float]]) {
        let model = try tinyModel(labels: ["non-lung", "lung"], classes: classes, threshold: threshold)
        try model.write(to: folder)
        let classifier = try Classifier(model: model, settings: ComputeSettings(precision: .float32))
        let seen = try await classifier.observe(try batch(60, seed: 11))
        var fitter = TrustFitter()
        change(&fitter)
        let scores = seen.logits.map { $0.count == 1 ? $0[0] : $0[1] - $0[0] }
        let median = scores.sorted()[30]
        let labels = scores.enumerated().map { index, score in (score > median) != (index % 7 == 0) ? 1 : 0 }
        let logits = seen.logits.map { row in row.dropLast() + [(row.last ?? 0) - median] }.map { $0.map { 40 * $0 } }
        let trust = try fitter.fit(
            logits: logits, labels: labels, features: .init(rows: seen.features, labels: labels))
        return (try trust.write(to: folder), logits)
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/oncorelay-trust-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test func featuresAreWhatTheLastLayerSees() throws {
        let model = try tinyModel(labels: ["bc", "gic"])
        let weight = try model.parameters.parameter(named: "fc.weight").floats()
        let bias = try model.parameters.parameter(named: "fc.bias").floats()
        let input = try batch(3, seed: 2)
        for backend in [BackendChoice.oneDNN, .openBLAS] {
            let settings = ComputeSettings(maximumBatch: 2, precision: .float32, backend: backend)
            let plan = try InferencePlan(graph: model.graph, parameters: model.parameters, settings: settings)
            let seen = try plan.observe(input)
            let width = try #require(model.graph.featureCount)
            #expect(seen.features.shape == [3, width])
            #expect(seen.logits == (try plan.run(input)))
            let (features, logits) = (seen.features.floats(), seen.logits.floats())
            for item in 0..<3 {
                for output in 0..<2 {
                    let sum = (0..<width).reduce(bias[output]) {
                        $0 + weight[output * width + $1] * features[item * width + $1]
                    }
                    #expect(abs(sum - logits[item * 2 + output]) < 1e-4)
                }
            }
            let seed = [[Float]](repeating: [0, 1], count: 3)
            let map = try plan.gradCAM(input, layer: "layer2", seed: seed)
            let same = try #require(map.features)
            #expect(zip(same.floats(), features).allSatisfy { abs($0 - $1) < 1e-5 })
        }
    }

    @Test func whatIsWrittenIsReadBackAndAppliedInService() async throws {
        try await withFolder { folder in
            let plain = try tinyModel(labels: ["non-lung", "lung"])
            let (written, _) = try await trusted(folder) {
                $0.policy = .init(abstain: [.outOfDistribution])
            }
            let model = try ModelFolder.load(path: folder)
            #expect(model.description == written.description)
            let trust = try #require(model.description.trust)
            #expect(trust.weightsSHA256 == model.weightsSHA256)
            #expect(trust.conformal?.coverage == 0.9)
            #expect(trust.figures?["distance"]?["folds"]?.number == 5)
            let calibration = try #require(model.description.calibration)
            #expect(calibration.name == "temperature")

            let settings = ComputeSettings(precision: .float32, rounding: .least)
            let classifier = try Classifier(model: model, settings: settings)
            let near = try batch(4, seed: 12)
            let seen = try await classifier.observe(near)
            let readings = try await classifier.read(near)
            #expect(readings.map(\.probabilities) == seen.logits.map { calibration.probabilities(logits: $0) })
            let findings = try await classifier.explain(near, label: 1)
            let threshold = try #require(trust.outOfDistribution?.threshold)
            for (reading, finding) in zip(readings, findings) {
                let (one, other) = (try #require(reading.distance), try #require(finding.distance))
                #expect(abs(one - other) < 1e-3 * one)
                #expect(one <= threshold)
            }
            for reading in try await classifier.read(try batch(4, seed: 13, scale: 6)) {
                #expect(try #require(reading.distance) > threshold)
            }
            // Calibration leaves heat maps as they are.
            let maps = try await Classifier(model: plain, settings: settings).gradCAM(near, label: 1)
            #expect(findings.flatMap { $0.heatmap.floats() } == maps.floats())
        }
    }

    @Test func figuresOfOtherWeightsAreRefused() async throws {
        try await withFolder { folder in
            _ = try await trusted(folder)
            let other = try tinyModel(labels: ["non-lung", "lung"], seed: 2)
            try other.write(to: folder + "/other")
            try FileManager.default.removeItem(atPath: folder + "/weights.safetensors")
            try FileManager.default.moveItem(
                atPath: folder + "/other/weights.safetensors", toPath: folder + "/weights.safetensors")
            #expect {
                try ModelFolder.load(path: folder)
            } throws: { error in
                "\(error)".contains("fitted for other weights") && "\(error)".contains("model calibrate")
            }
        }
    }

    @Test func aDamagedTrustFileIsRefused() async throws {
        try await withFolder { folder in
            _ = try await trusted(folder)
            let file = folder + "/trust.safetensors"
            let whole = try Data(contentsOf: URL(filePath: file))
            try whole.prefix(whole.count - 4).write(to: URL(filePath: file))
            #expect(throws: ClassifierError.self) { try ModelFolder.load(path: folder) }
            var flipped = whole
            flipped[whole.count - 9] ^= 1
            try flipped.write(to: URL(filePath: file))
            #expect {
                try ModelFolder.load(path: folder)
            } throws: { error in
                "\(error)".contains("trust.safetensors: expected SHA-256")
            }
            try FileManager.default.removeItem(atPath: file)
            #expect(throws: ClassifierError.self) { try ModelFolder.load(path: folder) }
        }
    }

    @Test func aSecondFitReplacesTheFirstAndLeavesTheRest() async throws {
        try await withFolder { folder in
            let file = URL(filePath: folder + "/model.json")
            let (first, logits) = try await trusted(folder) { $0.policy = .init(abstain: [.outOfDistribution]) }
            var text = try String(contentsOf: file, encoding: .utf8)
            text.replace(#""intendedUse""#, with: #""note" : { "by" : "hand", "n" : 3 }, "intendedUse""#)
            try Data(text.utf8).write(to: file)
            // Logits alone: the distance and the policy stay.
            let labels = logits.map { $0[1] > $0[0] + 3 ? 1 : 0 }
            var fitter = TrustFitter()
            fitter.method = .platt
            fitter.coverage = nil
            let second = try fitter.fit(logits: logits, labels: labels).write(to: folder).description
            #expect(second.trust?.outOfDistribution == first.description.trust?.outOfDistribution)
            #expect(second.trust?.policy == first.description.trust?.policy)
            #expect(second.trust?.conformal == nil)
            #expect(second.calibration?.name == "platt")
            let kept = try #require(JSONValue(Array(try Data(contentsOf: file))))
            #expect(kept["note"] == .object(["by": .string("hand"), "n": .int(3)]))
            #expect(try ModelFolder.load(path: folder).detector != nil)

            // A new distance has another file until the description names it; the old one goes.
            _ = try await trusted(folder + "/b")
            let again = try await Self.refit(folder)
            #expect(again.trust?.outOfDistribution?.file == "trust-2.safetensors")
            #expect(!FileManager.default.fileExists(atPath: folder + "/trust.safetensors"))
            #expect(try ModelFolder.load(path: folder).detector != nil)
            #expect(try await Self.refit(folder).trust?.outOfDistribution?.file == "trust.safetensors")
            #expect(!FileManager.default.fileExists(atPath: folder + "/trust-2.safetensors"))
        }
    }

    private static func refit(_ folder: String) async throws -> ModelDescription {
        var generator = SeededGenerator(seed: 5)
        let width = try #require(try ModelFolder.load(path: folder).graph.featureCount)
        let rows = (0..<20).map { _ in (0..<width).map { _ in Float(generator.normalPair().0) } }
        let (logits, labels) = Simulation.logits(30, 2, &generator)
        let features = TrustFitter.TrainingFeatures(rows: rows, labels: (0..<20).map { $0 % 2 })
        return try TrustFitter().fit(logits: logits, labels: labels, features: features).write(to: folder).description
    }

    @Test func theThresholdMovesAlongSoThatCasesKeepTheirLabels() async throws {
        var generator = SeededGenerator(seed: 21)
        let (logits, labels) = Simulation.logits(200, 1, &generator)
        let raw = logits.map { Calibration.none.probabilities(logits: $0)[1] }
        for method in [TrustFitter.Method.temperature, .platt] {
            // A cut of Youden's is a case's own probability.
            for threshold in [0.5, 0.37, Double(raw[0]), Double(raw[17]), Double(raw[101]), 0] {
                try await withFolder { folder in
                    try tinyModel(labels: ["bc", "gic"], classes: 1, threshold: threshold).write(to: folder)
                    var fitter = TrustFitter()
                    fitter.method = method
                    let written = try fitter.fit(logits: logits, labels: labels).write(to: folder)
                    let model = written.description
                    #expect(written.formerThreshold == threshold)
                    for (row, old) in zip(logits, raw) {
                        let new = try #require(model.calibration).probabilities(logits: row)[1]
                        #expect((Double(new) >= model.threshold) == (Double(old) >= threshold))
                    }
                    if method == .temperature, threshold == 0.5 { #expect(model.threshold == 0.5) }
                    let chosen = try fitter.fit(logits: logits, labels: labels).write(to: folder, threshold: 0.6)
                    #expect(chosen.description.threshold == 0.6)
                }
            }
        }
    }

    @Test func trustThatDoesNotFitTheModelIsRefusedAndLeavesTheFolderAsItWas() async throws {
        try await withFolder { folder in
            try tinyModel(labels: ["bc", "gic"]).write(to: folder)
            let before = try Data(contentsOf: URL(filePath: folder + "/model.json"))
            var generator = SeededGenerator(seed: 22)
            let (logits, labels) = Simulation.logits(30, 2, &generator)
            let wide = Simulation.features(20, &generator)
            #expect(throws: TrustError.self) {
                try TrustFitter().fit(logits: logits, labels: labels, features: wide).write(to: folder)
            }
            var fitter = TrustFitter()
            fitter.policy = .init(abstain: [.outOfDistribution])
            #expect {
                try fitter.fit(logits: logits, labels: labels).write(to: folder)
            } throws: { error in
                "\(error)".contains("out-of-distribution needs trust.outOfDistribution")
            }
            let three = logits.map { $0 + [0] }
            #expect(throws: TrustError.self) {
                try TrustFitter().fit(logits: three, labels: labels).write(to: folder)
            }
            #expect(try Data(contentsOf: URL(filePath: folder + "/model.json")) == before)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
        }
    }
}

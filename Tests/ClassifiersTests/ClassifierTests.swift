import Classifiers
import Contracts
import Foundation
import NeuralNetwork
import Tensors
import Testing

/// Batches in, probabilities and heat maps out.
struct ClassifierTests {
    @Test func probabilitiesAreTheSoftmaxOfTheNetworksLogits() async throws {
        let model = try tinyModel(labels: ["non-lung", "lung"])
        let classifier = try Classifier(model: model, settings: ComputeSettings(threads: 2, precision: .float32))
        let batch = try batch(items: 3)
        let probabilities = try await classifier.classify(batch)
        let logits = try InferencePlan(
            graph: model.graph, parameters: model.parameters, settings: ComputeSettings(precision: .float32)
        ).run(batch).floats()
        #expect(probabilities.count == 3)
        for (item, row) in probabilities.enumerated() {
            let expected = 1 / (1 + exp(logits[2 * item] - logits[2 * item + 1]))
            #expect(abs(row[1] - expected) < 1e-5)
            #expect(abs(row[0] + row[1] - 1) < 1e-6)
        }
        #expect(classifier.role == .lungVersusNonLung)
    }

    @Test func singleOutputIsTheSecondLabelsSigmoid() async throws {
        let model = try tinyModel(labels: ["negative", "positive"], classes: 1)
        let classifier = try Classifier(model: model, settings: ComputeSettings(precision: .float32))
        let batch = try batch(items: 1)
        let logit = try InferencePlan(
            graph: model.graph, parameters: model.parameters, settings: ComputeSettings(precision: .float32)
        ).run(batch).floats()[0]
        let probabilities = try await classifier.classify(batch)
        #expect(abs(probabilities[0][1] - 1 / (1 + exp(-logit))) < 1e-5)
        #expect(abs(probabilities[0][0] + probabilities[0][1] - 1) < 1e-6)
    }

    @Test func calibrationChangesProbabilitiesAsWritten() {
        let two: [Float] = [0.5, 2.5]
        #expect(abs(Calibration.none.probabilities(logits: two)[1] - 0.880_797) < 1e-5)
        #expect(abs(Calibration.temperature(2).probabilities(logits: two)[1] - 0.731_059) < 1e-5)
        let platt = Calibration.platt(slope: 0.5, intercept: -1)
        #expect(platt.probabilities(logits: two) == [0.5, 0.5])
        #expect(platt.probabilities(logits: [2]) == [0.5, 0.5])
        let three = Calibration.temperature(2).probabilities(logits: [0, 2, 4])
        #expect(abs(three[2] - 0.665_241) < 1e-5 && abs(three.reduce(0, +) - 1) < 1e-6)
        #expect(Calibration.none.probabilities(logits: [-1000]) == [1, 0])
    }

    @Test(
        arguments: [
            ("{}", Calibration.none), (#"{"kind": "temperature", "temperature": 1.5}"#, .temperature(1.5)),
            (#"{"kind": "platt", "slope": 2, "intercept": -1}"#, .platt(slope: 2, intercept: -1)),
        ])
    func calibrationIsReadFromJSON(text: String, expected: Calibration) throws {
        let decoded = try JSONDecoder().decode(Calibration.self, from: Data(text.utf8))
        #expect(decoded == expected)
        #expect(try JSONDecoder().decode(Calibration.self, from: try JSONEncoder().encode(decoded)) == expected)
    }

    @Test(arguments: [#"{"kind": "isotonic"}"#, #"{"kind": "temperature", "temperature": 0}"#, #"{"slope": 1}"#])
    func unusableCalibrationIsRefused(text: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Calibration.self, from: Data(text.utf8)) }
    }

    @Test(arguments: [[1, 1, 12, 14, 15], [1, 2, 12, 14, 16], [12, 14, 16], [0, 1, 12, 14, 16]])
    func inputOfAnotherShapeIsRefused(shape: [Int]) async throws {
        let classifier = try Classifier(model: try tinyModel(labels: ["bc", "gic"]), settings: ComputeSettings())
        let input = try Tensor(shape: shape, floats: [Float](repeating: 0, count: shape.reduce(1, *)))
        await #expect {
            try await classifier.classify(input)
        } throws: { error in
            (error as? ClassifierError)?.failure.code == .modelInputMismatch
                && "\(error)".contains("[any, 1, 12, 14, 16]")
        }
    }

    @Test(arguments: [Float.nan, .infinity])
    func inputThatIsNotFiniteIsRefusedWithItsItem(value: Float) async throws {
        let classifier = try Classifier(model: try tinyModel(labels: ["bc", "gic"]), settings: ComputeSettings())
        var values = try batch(items: 2).floats()
        values[values.count - 1] = value
        let input = try Tensor(shape: [2, 1, 12, 14, 16], floats: values)
        await #expect(throws: ClassifierError.inputNotFinite(model: "tiny", item: 1)) {
            try await classifier.classify(input)
        }
    }

    @Test func heatmapsCoverTheInputAndComeWithTheSameProbabilities() async throws {
        let classifier = try Classifier(
            model: try tinyModel(labels: ["bc", "gic"]),
            settings: ComputeSettings(precision: .float32, rounding: .least))
        let batch = try batch(items: 2)
        let findings = try await classifier.explain(batch, label: 0)
        let plain = try await classifier.classify(batch)
        let maps = try await classifier.gradCAM(batch, label: 0)
        #expect(maps.shape == [2, 12, 14, 16])
        #expect(findings.map(\.probabilities) == plain)
        #expect(findings.flatMap { $0.heatmap.floats() } == maps.floats())
        #expect(findings[0].heatmap.shape == [12, 14, 16])
        #expect(maps.floats().allSatisfy { (0...1).contains($0) })
        await #expect(throws: ClassifierError.unknownClass(model: "tiny", asked: "2", labels: ["bc", "gic"])) {
            try await classifier.gradCAM(batch, label: 2)
        }
    }

    @Test func singleOutputExplainsBothItsLabels() async throws {
        let classifier = try Classifier(
            model: try tinyModel(labels: ["negative", "positive"], classes: 1), settings: ComputeSettings())
        let batch = try batch(items: 4)
        let positive = try await classifier.gradCAM(batch, label: 1).floats()
        let negative = try await classifier.gradCAM(batch, label: 0).floats()
        #expect(positive != negative)
        #expect((positive + negative).contains { $0 == 1 })
    }

    @Test func oneGrayChannelStandsForThreeColours() async throws {
        var network = InceptionV3(classes: 1)
        network.widthMultiplier = 1 / 32
        var description = SeededModel.defaultDescription(.nodeStatus)
        description.architecture = .inceptionV3(network)
        description.input.size = [81, 77]
        let classifier = try Classifier(model: try SeededModel.make(description), settings: ComputeSettings())
        let gray = values(77 * 81, seed: 2)
        let one = try Tensor(shape: [1, 1, 77, 81], floats: gray)
        let three = try Tensor(shape: [1, 3, 77, 81], floats: gray + gray + gray)
        #expect(try await classifier.classify(one) == classifier.classify(three))
        #expect(try await classifier.gradCAM(one, label: 1).shape == [1, 77, 81])
    }

    private func batch(items: Int) throws -> Tensor {
        try Tensor(shape: [items, 1, 12, 14, 16], floats: values(items * 12 * 14 * 16, seed: 7))
    }

    private func values(_ count: Int, seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Float(generator.normalPair().0) }
    }
}

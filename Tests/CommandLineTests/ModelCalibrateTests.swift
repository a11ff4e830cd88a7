import Contracts
import ArgumentParser
import Classifiers
import Foundation
import NeuralNetwork
import Tensors
import Testing

@testable import oncorelay

/// `oncorelay model calibrate`
struct ModelCalibrateTests {
    private func withModel(classes: Int = 1, _ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/oncorelay-calibrate-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var description = SeededModel.defaultDescription(.lungVersusNonLung)
        var network = ResNet3D(depth: 6, inputChannels: 1, classes: classes)
        network.widthMultiplier = 1 / 16
        description.architecture = .resnet3D(network)
        description.gradCAM = .init(layer: "layer1")
        try SeededModel.make(description).write(to: folder + "/model")
        try await body(folder)
    }

    private func write(_ text: String, _ path: String) throws { try Data(text.utf8).write(to: URL(filePath: path)) }

    private func calibrate(_ arguments: String...) async throws {
        try await ModelCalibrateCommand.parse(arguments).run()
    }

    /// By each column that a table may have, the same temperature.
    @Test func tablesOfEachFormSayTheSame() async throws {
        let logits = [-2.0, -1, -0.5, 0.4, 1.5, 2, 0.8, -0.3, 1.1, -1.7]
        let labels = [0, 0, 1, 0, 1, 1, 1, 0, 0, 1]
        let words = ["Non-Lung", "lung"]
        var fits: [Calibration?] = []
        let rows = zip(logits, labels)
        for table in [
            "label,logit\n" + rows.map { "\($1),\($0)\n" }.joined(),
            "label\tlogit\tpatient\n" + rows.map { "\(words[$1])\t\($0)\tp\n" }.joined(),
            "score,label\n" + rows.map { "\(1 / (1 + exp(-$0))),\($1).0\n" }.joined(),
        ] {
            for classes in [1, 2] {
                try await withModel(classes: classes) { folder in
                    try write(table, folder + "/s.csv")
                    try await calibrate(folder + "/model", "--scores", folder + "/s.csv", "--coverage", "0.8")
                    let model = try ModelFolder.load(path: folder + "/model").description
                    fits.append(model.calibration)
                    #expect(model.trust?.conformal?.coverage == 0.8 && model.threshold == 0.5)
                }
            }
        }
        guard case .temperature(let first)? = fits[0] else {
            Issue.record("expected a temperature, got \(fits)")
            return
        }
        for case .temperature(let other)? in fits { #expect(abs(other - first) < 1e-5 * first) }
        #expect(fits.count == 6)
    }

    @Test func tensorsMayBringFeaturesAndAPolicy() async throws {
        try await withModel(classes: 2) { folder in
            let width = try #require(try ModelFolder.load(path: folder + "/model").graph.featureCount)
            var generator = SeededGenerator(seed: 1)
            func noise(_ count: Int) -> [Float] { (0..<count).map { _ in Float(generator.normalPair().0) } }
            let labels = (0..<40).map { Float($0 % 2) }
            let logits: [Float] = labels.flatMap { label -> [Float] in [0, 2 * label - 1 + noise(1)[0]] }
            try SafetensorsFile.write(
                [
                    (name: "logits", tensor: try Tensor(shape: [40, 2], floats: logits)),
                    (
                        name: "labels",
                        tensor: try Tensor(
                            shape: [40], elementType: .uint8, buffer: TensorBuffer(copying: labels.map { UInt8($0) }))
                    ),
                    (name: "features", tensor: try Tensor(shape: [40, width], floats: noise(40 * width))),
                    (name: "feature_labels", tensor: try Tensor(shape: [40], floats: labels)),
                    (
                        name: "feature_groups",
                        tensor: try Tensor(shape: [40], floats: (0..<40).map { Float($0 / 3) })
                    ),
                ], to: folder + "/s.safetensors")
            try await calibrate(
                folder + "/model", "--scores", folder + "/s.safetensors", "--method", "platt", "--class-conditional",
                "--abstain", "out-of-distribution,low-confidence", "--margin", "0.05", "--threshold", "0.4")
            let model = try ModelFolder.load(path: folder + "/model")
            #expect(model.description.calibration?.name == "platt" && model.description.threshold == 0.4)
            #expect(model.description.trust?.conformal?.kind == .classConditional)
            #expect(model.description.trust?.policy?.margin == 0.05)
            #expect(model.detector?.featureCount == width)
        }
    }

    @Test(
        arguments: [
            ("label,logit\n0,1\n", "both classes are needed"), ("label,logit\nlungs,1\n", "line 2, column 'label'"),
            ("label,logit\n0,x\n", "line 2, column 'logit'"), ("label\n0\n", "'logit'"),
            ("label,score\n0,1\n", "line 2, column 'score'"), ("label,logit\n0,1\n1,-1\n", "check the order"),
            ("", "expected a header line"),
        ])
    func scoresThatCannotBeUsedAreRefusedWithTheirPlace(text: String, named: String) async throws {
        try await withModel { folder in
            try write(text, folder + "/s.csv")
            let before = try Data(contentsOf: URL(filePath: folder + "/model/model.json"))
            let error = await #expect(throws: (any Error).self) {
                try await calibrate(folder + "/model", "--scores", folder + "/s.csv")
            }
            let end = CommandEnd.describe(try #require(error))
            #expect(end.code == 65 && end.text.contains(named), "\(end.text)")
            #expect(try Data(contentsOf: URL(filePath: folder + "/model/model.json")) == before)
        }
    }

    /// As PyTorch and NumPy save them: labels in I64, logits in F64.
    @Test func labelsAndLogitsOfOtherProgramsAreRead() async throws {
        let labels: [Int64] = [0, 0, 1, 0, 1, 1, 1, 0, 0, 1]
        let logits = [-2.0, -1, -0.5, 0.4, 1.5, 2, 0.8, -0.3, 1.1, -1.7]
        func bytes(_ words: [UInt64]) -> [UInt8] {
            words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
        }
        func file(_ type: String, _ words: [UInt64]) -> Data {
            let header =
                #"{"labels":{"dtype":"\#(type)","shape":[10],"data_offsets":[0,80]},"#
                + #""logits":{"dtype":"F64","shape":[10,1],"data_offsets":[80,160]}}"#
            return Data(bytes([UInt64(header.utf8.count)])) + Data(header.utf8) + Data(bytes(words))
                + Data(bytes(logits.map(\.bitPattern)))
        }
        try await withModel { folder in
            try file("I64", labels.map { UInt64(bitPattern: $0) }).write(to: URL(filePath: folder + "/s.safetensors"))
            try await calibrate(folder + "/model", "--scores", folder + "/s.safetensors", "--coverage", "0.8")
            let found = try ModelFolder.load(path: folder + "/model").description.calibration
            try write(
                "label,logit\n" + zip(logits, labels).map { "\($1),\($0)\n" }.joined(), folder + "/s.csv")
            try await calibrate(folder + "/model", "--scores", folder + "/s.csv", "--coverage", "0.8")
            #expect(try ModelFolder.load(path: folder + "/model").description.calibration == found)
            #expect(found?.name == "temperature")
            // A label that the model does not have, and numbers that are no labels.
            for (type, words, expected) in [
                ("I64", labels.map { _ in UInt64(bitPattern: -1) }, "expected 0 to 1, got -1"),
                ("F64", logits.map(\.bitPattern), "expected whole numbers, found -0.5 for case 3"),
                ("C64", labels.map { UInt64(bitPattern: $0) }, "C64"),
            ] {
                try file(type, words).write(to: URL(filePath: folder + "/s.safetensors"))
                let error = await #expect(throws: (any Error).self) {
                    try await calibrate(folder + "/model", "--scores", folder + "/s.safetensors")
                }
                let end = CommandEnd.describe(try #require(error))
                #expect(end.code == 65 && end.text.contains(expected), "\(end.text)")
            }
        }
    }

    /// Only the rows of the model's question, and the scores before a calibration that was there.
    @Test func scoresOfAnEvaluationAreTakenAsTheyAre() async throws {
        let logits = [-2.0, -1, -0.5, 0.4, 1.5, 2, 0.8, -0.3, 1.1, -1.7]
        let labels = [0, 0, 1, 0, 1, 1, 1, 0, 0, 1]
        func sigmoid(_ value: Double) -> Double { 1 / (1 + exp(-value)) }
        let header = "example,patient,cohort,outcome,system,task,label,score,uncalibrated\n"
        let own = zip(logits, labels).enumerated().map { index, case_ in
            "e\(index),p\(index),testing,\(case_.1 == 1 ? "SCLC" : "BC"),net,lung-vs-non-lung,\(case_.1),"
                + "\(sigmoid(case_.0 / 3)),\(sigmoid(case_.0))\n"
        }
        let others = "e0,p0,testing,SCLC,net,sclc-vs-nsclc,1,0.9,\ne1,p1,testing,BC,net,sclc-vs-nsclc,,0.2,\n"
        try await withModel { folder in
            try write("label,logit\n" + zip(logits, labels).map { "\($1),\($0)\n" }.joined(), folder + "/a.csv")
            try await calibrate(folder + "/model", "--scores", folder + "/a.csv")
            let plain = try ModelFolder.load(path: folder + "/model").description.calibration
            try write(header + others + own.joined(), folder + "/s.csv")
            try await calibrate(folder + "/model", "--scores", folder + "/s.csv")
            guard case .temperature(let expected)? = plain,
                case .temperature(let found)? = try ModelFolder.load(path: folder + "/model").description.calibration
            else {
                Issue.record("expected temperatures")
                return
            }
            #expect(abs(found - expected) < 1e-5 * expected)
            for (text, named) in [
                (header + others, "no rows of the task lung-vs-non-lung"),
                (header + own.joined() + own[0].replacing("net", with: "other"), "scores of net, other"),
            ] {
                try write(text, folder + "/s.csv")
                let error = await #expect(throws: (any Error).self) {
                    try await calibrate(folder + "/model", "--scores", folder + "/s.csv")
                }
                #expect(CommandEnd.describe(try #require(error)).text.contains(named))
            }
        }
    }

    @Test func missingFilesHaveTheirExitCodes() async throws {
        try await withModel { folder in
            let error = await #expect(throws: (any Error).self) {
                try await calibrate(folder + "/model", "--scores", folder + "/none.csv")
            }
            let end = CommandEnd.describe(try #require(error))
            #expect(end.code == 66)
        }
    }
}

import Foundation
import NeuralNetwork
import Tensors
import Testing

/// The ImageNet weights of 2015 among the shared data, where they are: `ONCORELAY_DATA`, or `shared/data` beside the
/// package.
struct PartialWeightsTests {
    static let path: String? = {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let beside = package.deletingLastPathComponent().appending(path: "shared/data").path
        let folder = ProcessInfo.processInfo.environment["ONCORELAY_DATA"] ?? beside
        let file = folder + "/weights/inception_v3_imagenet2015_partial.safetensors"
        return FileManager.default.fileExists(atPath: file) ? file : nil
    }()

    private static let absent = ["Mixed_7b.branch3x3dbl_2.conv.weight", "Mixed_7c.branch3x3dbl_2.conv.weight"]

    @Test(.enabled(if: path != nil, "shared/data is not here"))
    func exactlyTheThreeKnownAbsencesAreNamed() throws {
        let file = try SafetensorsFile.map(path: try #require(Self.path))
        let graph = try InceptionV3(classes: 1000).graph()
        #expect(
            graph.problems(in: file)
                == Self.absent.map { .missing(name: $0, shape: [384, 448, 3, 3]) } + [
                    .missing(name: "fc.weight", shape: [1000, 2048]), .missing(name: "fc.bias", shape: [1000]),
                ])
    }

    @Test(.enabled(if: path != nil, "shared/data is not here"))
    func whatIsAbsentCanBeSeededAndIsNamed() throws {
        let file = try SafetensorsFile.map(path: try #require(Self.path))
        let checkpoint = try Checkpoint(entries: file.entries.map { (name: $0.name, shape: $0.shape) })
        let network = try Architecture.detect(in: checkpoint.shapes)
        #expect(network == .inceptionV3(InceptionV3(classes: 1)))
        var conversion = CheckpointConversion()
        conversion.replacedHeadClasses = 1
        #expect(throws: CheckpointError.mismatch(Self.absent.map { .missing(name: $0, shape: [384, 448, 3, 3]) })) {
            try conversion.convert(checkpoint, to: network, from: file)
        }
        conversion.seedsMissing = true
        let result = try conversion.convert(checkpoint, to: network, from: file)
        #expect(result.seeded == Self.absent)
        let problems = try network.graph().problems(in: result.parameters)
        #expect(problems.isEmpty)
    }
}

import Foundation
import NeuralNetwork
import Tensors
import Testing

/// Whole networks against MONAI, torchvision and timm; see Fixtures/generate_fixtures.py.
struct NetworkFixtureTests {
    /// As generate_fixtures.py lists them; a file that is there and not here is found by the last test.
    static let names = [
        "resnet18-projection", "resnet18-projection-bias", "resnet18-zero-padding", "resnet18-zero-padding-unstrided",
        "resnet18-unstrided-pooled", "resnet18-strided-unpooled", "resnet18-uneven-stem", "medicalnet-projection",
        "medicalnet-zero-padding", "resnet18-width-3", "resnet6-projection", "resnet6-zero-padding",
        "resnet6-bias-dilated", "inception-torchvision", "inception-transformed", "inception-timm",
        "inception-padding-not-counted", "inception-2015", "inception-width-uneven",
    ]

    /// Another file of the folder Fixtures.
    static func fixture(_ name: String) throws -> SafetensorsFile {
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "safetensors", subdirectory: "Fixtures"))
        return try SafetensorsFile.map(path: url.path)
    }

    @Test(arguments: names, [BackendChoice.openBLAS, .oneDNN])
    func logitsAreThoseOfTheReference(name: String, backend: BackendChoice) throws {
        let fixture = try NetworkFixture(name)
        let plan = try fixture.plan(ComputeSettings(threads: 2, precision: .float32, backend: backend))
        for number in 0..<2 {
            let expected = try fixture.file.requiredTensor("logits.\(number)")
            let logits = try plan.run(try fixture.input(number))
            #expect(logits.shape == expected.shape)
            let largest = expected.floats().map(abs).max() ?? 0
            #expect(largestDifference(logits.floats(), expected.floats()) < 1e-4 * largest)
        }
    }

    /// Where the processor has no bfloat16 the plan may compute in float32, and is all the closer.
    @Test(arguments: names)
    func bfloat16GivesTheReferencesProbabilities(name: String) throws {
        let fixture = try NetworkFixture(name)
        let plan = try fixture.plan(ComputeSettings(threads: 2, precision: .bfloat16, backend: .oneDNN))
        for number in 0..<2 {
            let expected = Self.probabilities(try fixture.file.requiredTensor("logits.\(number)"))
            let found = Self.probabilities(try plan.run(try fixture.input(number)))
            #expect(found.count == expected.count)
            for (one, other) in zip(found, expected) {
                #expect(largestDifference(one, other) < 0.02)
                let best = other.sorted(by: >)
                let isClear = best[0] - best[1] > 0.05
                #expect(!isClear || one.firstIndex(of: one.max()!) == other.firstIndex(of: best[0]))
            }
        }
    }

    @Test(arguments: names, [BackendChoice.openBLAS, .oneDNN])
    func gradCAMIsThatOfTheReference(name: String, backend: BackendChoice) throws {
        let fixture = try NetworkFixture(name)
        let plan = try fixture.plan(ComputeSettings(threads: 2, precision: .float32, backend: backend))
        let maps = fixture.file.names.filter { $0.hasPrefix("map.") }
        #expect(maps.count >= 2)
        for map in maps {
            let place = try #require(MapName(map))
            let input = try fixture.input(place.input)
            var row = [Float](repeating: 0, count: fixture.architecture.classes)
            row[place.target] = 1
            let result = try plan.gradCAM(
                input, layer: place.layer, seed: [[Float]](repeating: row, count: input.shape[0]))
            let expected = try fixture.file.requiredTensor(map)
            #expect(result.map.shape == expected.shape)
            // The reference map is stored in half precision.
            #expect(largestDifference(result.map.floats(), expected.floats()) < 1e-3, "\(map)")
            let logits = try fixture.file.requiredTensor("logits.\(place.input)").floats()
            #expect(largestDifference(result.logits.floats(), logits) < 1e-4 * (logits.map(abs).max() ?? 0))
        }
    }

    /// Over the classes, of each item; of one logit, its sigmoid and what remains.
    private static func probabilities(_ logits: Tensor) -> [[Float]] {
        let classes = logits.shape[1]
        let values = logits.floats()
        return (0..<logits.shape[0]).map { item in
            var row = Array(values[item * classes..<(item + 1) * classes])
            if classes == 1 { row.append(0) }
            let largest = row.max() ?? 0
            let powers = row.map { exp($0 - largest) }
            let sum = powers.reduce(0, +)
            return powers.map { $0 / sum }
        }
    }

    @Test func everyFixtureIsTested() throws {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        let files = try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: "networks"), includingPropertiesForKeys: nil)
        #expect(Set(files.map { $0.deletingPathExtension().lastPathComponent }) == Set(Self.names))
    }
}

/// `map.INPUT.LAYER.CLASS`; a layer's name may hold points.
private struct MapName {
    let input: Int
    let layer: String
    let target: Int

    init?(_ name: String) {
        let parts = name.split(separator: ".")
        guard parts.count >= 4, let input = Int(parts[1]), let target = Int(parts[parts.count - 1]) else { return nil }
        self.input = input
        self.target = target
        layer = parts[2..<parts.count - 1].joined(separator: ".")
    }
}

/// A network with its parameters, inputs and expected outputs.
struct NetworkFixture {
    let file: SafetensorsFile
    let architecture: Architecture

    /// How far a batch's next item is turned; `ROLL` of generate_fixtures.py.
    private static let turn = 1001

    init(_ name: String) throws {
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "safetensors", subdirectory: "Fixtures/networks"))
        file = try SafetensorsFile.map(path: url.path)
        let description = try #require(file.metadata["architecture"])
        architecture = try JSONDecoder().decode(Architecture.self, from: Data(description.utf8))
    }

    func parameters() throws -> ParameterSet {
        var parameters = ParameterSet()
        for parameter in try architecture.graph().parameters {
            parameters.tensors[parameter.name] = try file.requiredTensor(parameter.name)
        }
        return parameters
    }

    func plan(_ settings: ComputeSettings) throws -> InferencePlan {
        try InferencePlan(graph: try architecture.graph(), parameters: try parameters(), settings: settings)
    }

    /// The batch of as many items as there are logits, made from the stored one.
    func input(_ number: Int) throws -> Tensor {
        let stored = try file.requiredTensor("input.\(number)")
        let items = try file.requiredTensor("logits.\(number)").shape[0]
        let values = stored.floats()
        let batch = (0..<items).flatMap { item -> [Float] in
            let start = (values.count - item * Self.turn % values.count) % values.count
            return Array(values[start...] + values[..<start])
        }
        return try Tensor(shape: [items] + stored.shape.dropFirst(), floats: batch)
    }
}

func largest(_ values: [Float]) -> Float { values.lazy.map(abs).max() ?? 0 }

/// The largest absolute difference; infinite for different counts or a NaN.
func largestDifference(_ first: [Float], _ second: [Float]) -> Float {
    guard first.count == second.count else { return .infinity }
    var largest: Float = 0
    for (one, other) in zip(first, second) {
        let difference = abs(one - other)
        guard !difference.isNaN else { return .infinity }
        largest = max(largest, difference)
    }
    return largest
}

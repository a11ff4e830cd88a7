import Classifiers
import Contracts
import Datasets
import Evaluation
import Foundation
import NeuralNetwork
import Tensors

/// Inputs that are made here: a bright ball in the middle for class 1, a dark one for class 0.
struct Balls: ExampleInputs {
    static let side = 24

    var broken: Set<String> = []

    func inputs(
        of examples: [Example], for model: ModelDescription, wantsMasks: Bool
    ) throws(EvaluationProblems) -> [ExampleInput] {
        let bad = examples.filter { broken.contains($0.id) }
        guard bad.isEmpty else { throw EvaluationProblems(bad.map { "\($0.id): its mask is empty" }) }
        return examples.map { example in
            let side = Self.side
            var (values, mask) = ([Float](), [Float]())
            let level: Float = [.sclc, .nsclc].contains(example.outcome) ? 2 : -2
            for z in 0..<side {
                for y in 0..<side {
                    for x in 0..<side {
                        let distance = [x, y, z].reduce(0) { $0 + ($1 - side / 2) * ($1 - side / 2) }
                        mask.append(distance < 25 ? 1 : 0)
                        let grain = Float((x * 7 + y * 13 + z * 29 + example.id.utf8.count) % 11) / 11
                        values.append(distance < 25 ? level + grain : grain)
                    }
                }
            }
            guard let tensor = try? Tensor(shape: [1, side, side, side], floats: values),
                let outline = try? Tensor(shape: [side, side, side], floats: mask)
            else { fatalError("the shapes are right") }
            return ExampleInput(tensor: tensor, mask: wantsMasks ? outline : nil)
        }
    }

    /// Forty lesions of twenty patients, half of them in each of two cohorts.
    static func dataset() -> (Dataset, Split) {
        let outcomes: [Outcome] = [.sclc, .nsclc, .bc, .gic]
        let examples = (0..<40).map { index in
            Example(
                id: "sub-\(index / 2)_\(index % 2)", patient: "sub-\(index / 2)", group: "g\(index)",
                outcome: outcomes[index / 2 % 4],
                source: .lesion(series: [:], mask: URL(filePath: "/absent"), label: 1))
        }
        let assignment = Dictionary(
            uniqueKeysWithValues: examples.enumerated().map { ($1.id, $0 < 20 ? Cohort.testing : .independent) })
        return (
            Dataset(kind: .brainMetastasis, root: URL(filePath: "/absent"), examples: examples),
            Split(unit: .patient, seed: 1, fractions: [:], assignment: assignment)
        )
    }

    /// A narrow network with seeded weights, its labels in either order.
    static func model(_ labels: [String], folder: Folder, name: String) throws -> String {
        var network = ResNet3D(depth: 6, inputChannels: 1, classes: 2)
        network.widthMultiplier = 0.125
        let description = ModelDescription(
            name: "test", version: "1", architecture: .resnet3D(network),
            input: ModelInput(
                sequences: [.t1], spacing: [1, 1, 1], size: [side, side, side],
                normalization: ModelNormalization(method: "z-score", measured: "head")),
            labels: labels, gradCAM: .init(layer: "layer2"), intendedUse: Disclaimer.text)
        let path = folder.path(name)
        try SeededModel.make(description, seed: 3).write(to: path)
        return path
    }
}

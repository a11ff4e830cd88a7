import Contracts
import Datasets
import Foundation
import Learning
import NeuralNetwork
import Tensors

/// Examples, recipes and weights that need no files.
enum Samples {
    /// The stream that generate_curves.py makes, too: uniform in ±bound.
    static func uniform(seed: UInt64, name: String, count: Int, bound: Double) -> [Float] {
        var generator = SeededGenerator(seed: seed, name: name)
        return (0..<count).map { _ in Float((2 * generator.uniform() - 1) * bound) }
    }

    static func example(_ number: Int) -> Example {
        Example(
            id: "example-\(number)", patient: "patient-\(number / 2)", group: "lesion-\(number)",
            outcome: number % 2 == 1 ? .sclc : .bc,
            source: .lesion(series: [:], mask: URL(filePath: "/mask.nii.gz"), label: 1))
    }

    /// Class 1 is brighter in its first half; the same images as generate_curves.py's.
    static func examples(_ count: Int, shape: [Int], brightness: Float = 0.25, masks: Bool = false) throws
        -> PreparedExamples
    {
        let items = try (0..<count).map { number -> PreparedExamples.Item in
            var values = uniform(seed: 5, name: "image \(number)", count: shape.reduce(1, *), bound: 1)
            let plane = shape[1...].reduce(1, *)
            let half = shape[1] / 2 * shape[2...].reduce(1, *)
            for channel in 0..<shape[0] where number % 2 == 1 {
                for place in 0..<half { values[channel * plane + place] += brightness }
            }
            let inside = uniform(seed: 6, name: "mask \(number)", count: plane, bound: 1).map {
                Float($0 > 0.5 ? 1 : 0)
            }
            return PreparedExamples.Item(
                example: example(number), label: number % 2, tensor: try Tensor(shape: shape, floats: values),
                mask: masks ? try Tensor(shape: Array(shape[1...]), floats: inside) : nil)
        }
        return PreparedExamples(items: items)
    }

    static func recipe(_ text: String) throws -> Recipe { try RecipeFile(text: text, name: "sample").recipe() }

    /// A network that learns in a moment.
    static func tiny(_ more: String = "", training: String = "", task: String = "lung-vs-non-lung") throws -> Recipe {
        try recipe(
            """
            task: \(task)
            input: {sequences: [T1], size: [16, 16, 16]}
            network: {depth: 6, widthMultiplier: 0.0625}
            augmentation: {enabled: false}
            \(more)
            training:
              epochs: 3
              batch: 4
              precision: float32
              \(training)
            """)
    }

    static var split: Split { Split(unit: .patient, seed: 1, fractions: [.training: 1], assignment: [:]) }

    static func folder() -> RunFolder {
        RunFolder(path: FileManager.default.temporaryDirectory.path + "/learning-\(UUID().uuidString)")
    }
}

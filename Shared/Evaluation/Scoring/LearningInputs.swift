package import Classifiers
package import Datasets
internal import Dispatch
internal import Learning
internal import Synchronization
internal import Tensors

/// Inputs as training and serving make them.
package struct LearningInputs: ExampleInputs {
    package init() {}

    package func inputs(
        of examples: [Example], for model: ModelDescription, wantsMasks: Bool
    ) throws(EvaluationProblems) -> [ExampleInput] {
        let tensors: ExampleTensors
        do { tensors = try ExampleTensors(model.input) } catch {
            throw EvaluationProblems(["model \(model.name): \(error)"])
        }
        let studies = ExampleTensors.studies(examples)
        let results = Mutex([Int: Result<ExampleInput, LearningError>]())
        DispatchQueue.concurrentPerform(iterations: studies.count) { number in
            let places = studies[number]
            let prepared = tensors.prepare(together: places.map { examples[$0] }, wantsMasks: wantsMasks)
            for (place, result) in zip(places, prepared) {
                let input = result.map { one -> ExampleInput in
                    let isCutOut = one.mask == nil && one.tensor.shape.count == 3
                    return ExampleInput(
                        tensor: one.tensor, mask: isCutOut && wantsMasks ? Self.picture(in: one.tensor) : one.mask)
                }
                results.withLock { $0[place] = input }
            }
        }
        let found = results.withLock { $0 }
        var inputs: [ExampleInput] = []
        var problems: [String] = []
        for place in examples.indices {
            switch found[place] {
            case .success(let input): inputs.append(input)
            case .failure(.examples(let texts)): problems += texts
            case .failure(let error): problems.append("\(examples[place].id): \(error)")
            case nil: problems.append("\(examples[place].id): was not prepared")
            }
        }
        guard problems.isEmpty else { throw EvaluationProblems(problems) }
        return inputs
    }

    /// Where a padded square holds the picture: the smallest rectangle around all that is not padding. A cut-out is the
    /// node's own rectangle.
    static func picture(in tensor: Tensor) -> Tensor? {
        let (height, width) = (tensor.shape[1], tensor.shape[2])
        let values = tensor.floats()
        let fill = values[0]
        var (top, bottom, left, right) = (height, -1, width, -1)
        for row in 0..<height {
            for column in 0..<width where values[row * width + column] != fill {
                (top, bottom) = (min(top, row), max(bottom, row))
                (left, right) = (min(left, column), max(right, column))
            }
        }
        guard bottom >= top, right >= left else { return nil }
        var mask = [Float](repeating: 0, count: height * width)
        for row in top...bottom { for column in left...right { mask[row * width + column] = 1 } }
        return try? Tensor(shape: [height, width], floats: mask)
    }
}

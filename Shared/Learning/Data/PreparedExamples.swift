internal import Contracts
package import Datasets
internal import Dispatch
internal import Synchronization
package import Tensors

/// Examples with their classes, prepared once and kept in memory.
package struct PreparedExamples: Sendable {
    /// One example: what augmentation begins with.
    package struct Item: Sendable {
        package let example: Example
        /// 0 or 1.
        package let label: Int
        /// [C, …] with the margin; of a cut-out one channel, because all are alike.
        package let tensor: Tensor
        /// [D, H, W] with the margin.
        package let mask: Tensor?

        package init(example: Example, label: Int, tensor: Tensor, mask: Tensor?) {
            self.example = example
            self.label = label
            self.tensor = tensor
            self.mask = mask
        }
    }

    package let items: [Item]
    /// Ids of lesions that were left out because they lack a sequence.
    package let leftOut: [String]

    package var labels: [Int] { items.map(\.label) }
    /// Items of the class 1.
    package var positives: Int { items.count { $0.label == 1 } }
    /// Bytes that the tensors take.
    package var byteCount: Int { items.reduce(0) { $0 + $1.tensor.buffer.count + ($1.mask?.buffer.count ?? 0) } }

    package init(items: [Item], leftOut: [String] = []) {
        self.items = items
        self.leftOut = leftOut
    }

    /// Prepares examples, several studies at once.
    ///
    /// - Parameters:
    ///   - labelled: examples with their classes.
    ///   - tensors: how.
    ///   - elementType: in which they wait: float32 or float16.
    ///   - wantsMasks: whether attention needs the lesions' masks.
    ///   - skipsIncomplete: whether lesions without a wanted sequence are left out.
    ///   - progress: told how many are done; from any thread.
    /// - Returns: the examples in the order given.
    /// - Throws: `LearningError.examples` naming each one that cannot be used.
    package static func prepare(
        _ labelled: [(example: Example, label: Int)], by tensors: ExampleTensors,
        as elementType: ElementType = .float32,
        wantsMasks: Bool = false, skipsIncomplete: Bool = false, progress: (@Sendable (Int) -> Void)? = nil
    ) throws(LearningError) -> PreparedExamples {
        var leftOut: [String] = []
        var used: [(example: Example, label: Int)] = []
        for one in labelled {
            if skipsIncomplete, case .lesion(let series, _, _) = one.example.source,
                tensors.input.sequences.contains(where: { series[$0] == nil })
            {
                leftOut.append(one.example.id)
            } else {
                used.append(one)
            }
        }
        let examples = used.map(\.example)
        let labels = used.map(\.label)
        let studies = ExampleTensors.studies(examples)
        let results = Mutex([Int: Result<Item, LearningError>]())
        DispatchQueue.concurrentPerform(iterations: studies.count) { number in
            let places = studies[number]
            let prepared = tensors.prepare(together: places.map { examples[$0] }, wantsMasks: wantsMasks)
            for (place, result) in zip(places, prepared) {
                let item = result.map { one in
                    Item(
                        example: examples[place], label: labels[place],
                        tensor: Self.stored(one.tensor).converted(to: elementType),
                        mask: one.mask?.converted(to: elementType))
                }
                let count = results.withLock { results in
                    results[place] = item
                    return results.count
                }
                progress?(count)
            }
        }
        var items: [Item] = []
        var problems: [String] = []
        let found = results.withLock { $0 }
        for place in examples.indices {
            switch found[place] {
            case .success(let item): items.append(item)
            case .failure(.examples(let texts)): problems += texts
            case .failure(let error): throw error
            case nil: problems.append("\(examples[place].id): was not prepared")
            }
        }
        guard problems.isEmpty else { throw .examples(problems) }
        return PreparedExamples(items: items, leftOut: leftOut)
    }

    /// A cut-out's channels are alike: one is enough.
    private static func stored(_ tensor: Tensor) -> Tensor {
        guard tensor.shape.count == 3 else { return tensor }
        let bytes = tensor.buffer.count / tensor.shape[0]
        let copy = tensor.buffer.withUnsafeBytes {
            TensorBuffer(copying: UnsafeRawBufferPointer(rebasing: $0[0..<bytes]))
        }
        let first = try? Tensor(shape: [1] + tensor.shape.dropFirst(), elementType: tensor.elementType, buffer: copy)
        return first ?? tensor
    }
}

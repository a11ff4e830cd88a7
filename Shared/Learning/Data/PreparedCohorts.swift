package import Contracts
package import Datasets
internal import Digests
package import Tensors

/// The cohorts that training looks at, prepared, and the input with what was measured on the training cohort.
package struct PreparedCohorts: Sendable {
    /// As the model folder will say it.
    package let input: ModelInput
    /// Of the padded training cut-outs, before their scale, [1, rows, columns]; subtracted by the batch maker, after
    /// augmentation. Nil where a mean pixel or nothing is subtracted.
    package let meanImage: Tensor?
    package let training: PreparedExamples
    package let testing: PreparedExamples
    /// Of ids, classes and everything that the network will see.
    package let sha256: String

    /// Prepares what a recipe asks for.
    ///
    /// - Parameters:
    ///   - recipe: the task, the input, and whether examples are augmented.
    ///   - dataset: whose examples.
    ///   - split: which cohort each belongs to; the independent cohort is not touched.
    ///   - progress: told how many of how many are done; from any thread.
    /// - Throws: `LearningError.examples` naming every example that cannot be used, `invalid` for a training cohort
    ///   without examples of both classes.
    package init(
        _ recipe: Recipe, dataset: Dataset, split: Split, progress: (@Sendable (Int, Int) -> Void)? = nil
    ) throws(LearningError) {
        let all = dataset.labelled(for: recipe.task)
        let parts = [Cohort.training, .testing].map { cohort in
            all.filter { split.assignment[$0.example.id] == cohort }
        }
        try Self.checkClasses(parts[0], recipe, "training")
        var input = recipe.input
        var meanImage: Tensor?
        if recipe.task == .nodeStatus {
            let (examples, tensors) = (parts[0].map(\.example), try ExampleTensors(input))
            switch recipe.mean {
            case .pixel: input.normalization.mean = try TrainingMean.of(examples, by: tensors)
            case .image:
                meanImage = try TrainingMean.image(
                    of: examples, by: tensors, scale: input.normalization.scale ?? 1)
            }
        }
        self.meanImage = meanImage
        let margin = BatchMaker.margin(recipe)
        let isHalf =
            switch recipe.data.storage {
            case .automatic: recipe.augmentation.isEnabled
            case .float16: true
            case .float32: false
            }
        let skips = recipe.data.missingSequences == .skip
        let total = parts[0].count + parts[1].count
        let trainingCount = parts[0].count
        training = try PreparedExamples.prepare(
            parts[0], by: ExampleTensors(input, margin: margin), as: isHalf ? .float16 : .float32,
            wantsMasks: recipe.attention.isEnabled, skipsIncomplete: skips
        ) { progress?($0, total) }
        testing = try PreparedExamples.prepare(
            parts[1], by: ExampleTensors(input), wantsMasks: false, skipsIncomplete: skips
        ) { progress?(trainingCount + $0, total) }
        self.input = input
        try Self.checkClasses(training.items.map { ($0.example, $0.label) }, recipe, "training")
        sha256 = Self.digest([training, testing])
    }

    /// Cohorts that are prepared already, for tools and tests.
    package init(
        input: ModelInput, training: PreparedExamples, testing: PreparedExamples, meanImage: Tensor? = nil
    ) {
        self.meanImage = meanImage
        self.input = input
        self.training = training
        self.testing = testing
        sha256 = Self.digest([training, testing])
    }

    private static func checkClasses(
        _ labelled: [(example: Example, label: Int)], _ recipe: Recipe, _ cohort: String
    ) throws(LearningError) {
        let names = recipe.task.classNames
        let counts = [0, 1].map { label in labelled.count { $0.label == label } }
        guard counts.allSatisfy({ $0 > 0 }) else {
            throw .invalid(
                "\(recipe.task.rawValue): the \(cohort) cohort has \(counts[0]) examples of \(names[0]) and \(counts[1]) "
                    + "of \(names[1]); both are needed: check the outcomes and the split")
        }
    }

    private static func digest(_ cohorts: [PreparedExamples]) -> String {
        let digest = Digest()
        for cohort in cohorts {
            digest.update("\(cohort.items.count)\n")
            for item in cohort.items {
                digest.update("\(item.example.id)\t\(item.label)\t\(item.tensor.shape)\n")
                item.tensor.buffer.withUnsafeBytes { digest.update($0) }
                item.mask?.buffer.withUnsafeBytes { digest.update($0) }
            }
        }
        return Digest.hexadecimal(digest.finish())
    }
}

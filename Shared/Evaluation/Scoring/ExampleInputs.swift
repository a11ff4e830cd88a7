package import Classifiers
package import Datasets
package import Tensors

/// What a network is fed of one example.
package struct ExampleInput: Sendable {
    /// float32: [C, D, H, W] of a lesion, [C, H, W] of a cut-out.
    package let tensor: Tensor
    /// The lesion's share of each sample, [D, H, W] or [H, W], 0 to 1; nil where no outline is known.
    package let mask: Tensor?

    package init(tensor: Tensor, mask: Tensor?) {
        self.tensor = tensor
        self.mask = mask
    }
}

/// Makes networks' inputs of examples, as serving does.
package protocol ExampleInputs: Sendable {
    /// The inputs of some examples, several studies at once. Blocks its thread.
    ///
    /// - Parameters:
    ///   - examples: those of one study should stand together.
    ///   - model: whose input they become.
    ///   - wantsMasks: whether outlines are sampled as well.
    /// - Returns: an input for each example, in order.
    /// - Throws: ``EvaluationProblems`` naming every example that cannot be used.
    func inputs(
        of examples: [Example], for model: ModelDescription, wantsMasks: Bool
    ) throws(EvaluationProblems) -> [ExampleInput]
}

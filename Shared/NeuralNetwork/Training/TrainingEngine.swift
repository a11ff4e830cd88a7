/// A library that computes a network's passes for one batch shape. Belongs to one thread at a time.
///
/// Values and gradients are of the graph's nodes. Row-major float32 [N, C, extent] at this boundary, whatever the
/// engine keeps inside.
protocol TrainingEngine: AnyObject {
    /// What it is, for reports: `openblas float32`.
    var name: String { get }
    /// Every parameter of the graph, in network order.
    var parameters: [TrainableParameter] { get }
    /// Bytes of activations, gradients, parameters and scratch memory.
    var byteCount: Int { get }

    /// Makes memory and kernels for a schedule of the same graph and settings; those of another batch shape go.
    ///
    /// - Throws: `TrainingError.outOfMemory`, `TrainingError.library`.
    func prepare(_ schedule: TrainingSchedule) throws

    /// Tells that parameters were written to.
    func parametersChanged()

    /// Computes every value that the outputs need.
    func forward(_ input: UnsafePointer<Float>, mode: TrainingMode, dropout: SeededGenerator) throws

    /// Runs backward from the outputs and the observed layers.
    func backward(_ request: BackwardRequest) throws

    /// Copies a node's output out; an output or an observed layer.
    func copyValue(of node: Int, into target: UnsafeMutablePointer<Float>)

    /// Copies the gradient by a node's output out, after a backward pass that reached it; an observed layer.
    func copyGradient(of node: Int, into target: UnsafeMutablePointer<Float>)
}

/// Where a backward pass begins and how far it goes.
struct BackwardRequest {
    /// Derivatives of the loss by nodes' outputs: row-major [N, C, extent]. What comes from further layers is added.
    var seeds: [Int: [Float]]
    /// The pass stops at this node and computes no parameter's gradient; nil: it computes all parameters' gradients.
    var target: Int?
}

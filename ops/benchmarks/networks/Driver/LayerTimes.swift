import NeuralNetwork

/// Where the time of a forward pass goes.
struct LayerTimes: Encodable {
    struct Layer: Encodable {
        let name: String
        let how: String
        let precision: String
        let milliseconds: Double
        /// Billions of multiplications and additions a second.
        let gigaflops: Double
    }

    let layers: [Layer]

    init(_ profile: [(step: StepReport, seconds: Double)]) {
        layers = profile.map { step, seconds in
            Layer(
                name: step.name, how: step.implementation, precision: step.precision.rawValue,
                milliseconds: seconds * 1e3, gigaflops: Double(step.operations) / max(seconds, 1e-9) / 1e9)
        }
    }
}

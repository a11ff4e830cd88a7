internal import CKernels

/// Batch normalization with the residual sum and the rectification behind it, in two passes over memory forward and two
/// back. See `PortableNormalization` for the formulas.
final class BlockedNormalization: BlockedLayer {
    struct Settings {
        let epsilon: Float
        let momentum: Float
        let isFrozen: Bool
        let isRectified: Bool
    }

    private let settings: Settings
    private let parameters: PortableNormalization.Parameters
    private let input: BlockedConvolution.Values
    private let residual: BlockedConvolution.Values?
    private let output: BlockedConvolution.Values
    /// Per channel, one array after another: mean, squares, scale, shift, sum, product, factor, slope, offset.
    private let numbers: TrainingMemory
    private let partial: TrainingMemory
    private let width: Int
    private var usedBatch = false

    private enum Row: Int { case mean, squares, scale, shift, sum, product, factor, slope, offset }

    /// - Throws: `TrainingError.outOfMemory`.
    init(
        _ settings: Settings, parameters: PortableNormalization.Parameters, input: BlockedConvolution.Values,
        residual: BlockedConvolution.Values?, output: BlockedConvolution.Values
    ) throws(TrainingError) {
        self.settings = settings
        self.parameters = parameters
        self.input = input
        self.residual = residual
        self.output = output
        width = input.shape.blocks * 16
        numbers = try TrainingMemory(count: 9 * width)
        partial = try TrainingMemory(count: input.shape.batch * input.shape.blocks * 32)
    }

    private func row(_ row: Row) -> UnsafeMutablePointer<Float> { numbers.pointer + row.rawValue * width }
    private var count: Double { Double(input.shape.batch * input.shape.positions) }
    private var residualValue: ork_blocked { residual?.value.kernel ?? BlockedView.none }

    func forward(mode: TrainingMode) {
        usedBatch = mode == .training && !settings.isFrozen
        if usedBatch {
            ork_blocked_moments(
                input.shape.kernel, input.value.kernel, partial.pointer, row(.mean), row(.squares))
        }
        let (means, variances) = (parameters.runningMean.values, parameters.runningVariance.values)
        for channel in 0..<input.shape.channels {
            var mean = Double(means[channel])
            var variance = Double(variances[channel])
            if usedBatch {
                let momentum = Double(settings.momentum)
                let squares = Double(row(.squares)[channel])
                let batchMean = Double(row(.mean)[channel])
                means[channel] = Float((1 - momentum) * mean + momentum * batchMean)
                variances[channel] = Float((1 - momentum) * variance + momentum * squares / (count - 1))
                mean = batchMean
                variance = squares / count
            }
            let inverse = 1 / (variance + Double(settings.epsilon)).squareRoot()
            let scale = Double(parameters.weight.values[channel]) * inverse
            row(.mean)[channel] = Float(mean)
            // The row of squares keeps the inverse deviation for the way back.
            row(.squares)[channel] = Float(inverse)
            row(.scale)[channel] = Float(scale)
            row(.shift)[channel] = Float(Double(parameters.bias.values[channel]) - mean * scale)
        }
        ork_blocked_normalize(
            input.shape.kernel, input.value.kernel, residualValue, output.value.kernel, row(.scale), row(.shift),
            settings.isRectified)
    }

    func backward(toInputs: [GradientTarget], toParameters: Bool) {
        guard let gradient = output.gradient?.kernel else { return }
        // Without a residual the result's sign follows from x, which is read anyway.
        let result = residual == nil ? BlockedView.none : output.value.kernel
        let needsSums = usedBatch || toParameters
        if needsSums {
            ork_blocked_slopes(
                input.shape.kernel, input.value.kernel, result, gradient, row(.scale), row(.shift), row(.mean),
                settings.isRectified, partial.pointer, row(.sum), row(.product))
        }
        for channel in 0..<input.shape.channels {
            let (sum, product) = (Double(row(.sum)[channel]), Double(row(.product)[channel]))
            let inverse = Double(row(.squares)[channel])
            if toParameters {
                parameters.bias.gradients?[channel] = Float(sum)
                parameters.weight.gradients?[channel] = Float(product * inverse)
            }
            let scale = Double(row(.scale)[channel])
            // ∂x = scale · (g − sum/n − (x − mean) · product · inverse²/n) = factor · g + slope · x + offset.
            let slope = usedBatch ? -scale * product * inverse * inverse / count : 0
            row(.factor)[channel] = Float(scale)
            row(.slope)[channel] = Float(slope)
            row(.offset)[channel] = usedBatch ? Float(-scale * sum / count - slope * Double(row(.mean)[channel])) : 0
        }
        let target = toInputs[0].isAsked ? input.gradient?.kernel : nil
        let other = toInputs.count > 1 && toInputs[1].isAsked ? residual?.gradient?.kernel : nil
        guard target != nil || other != nil else { return }
        ork_blocked_normalize_back(
            input.shape.kernel, input.value.kernel, result, gradient, row(.scale), row(.shift), row(.factor),
            row(.slope), row(.offset), settings.isRectified, target ?? BlockedView.none, other ?? BlockedView.none,
            toInputs.count > 1 && toInputs[1].accumulates)
    }
}

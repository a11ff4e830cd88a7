internal import Synchronization
import Tensors

/// A convolution's weight with factors for its outputs and inputs, multiplied only where somebody asks for the numbers.
///
/// It holds the stored tensor, which mostly is a mapped file: no memory of its own.
package final class FoldedWeight: Sendable {
    private let tensor: Tensor
    private let outputFactors: [Float]
    /// One for each input channel; nil where all are 1.
    private let inputFactors: [Float]?
    package let outputs: Int
    package let inputs: Int
    /// Numbers of one kernel.
    package let taps: Int

    private struct Shared: Sendable {
        weak var buffer: WeightBuffer?
    }
    private let shared = Mutex(Shared())

    /// `tensor`: [outputs, inputs, kernel…].
    init(_ tensor: Tensor, outputFactors: [Float], inputFactors: [Float]? = nil) {
        self.tensor = tensor
        self.outputFactors = outputFactors
        self.inputFactors = inputFactors
        outputs = tensor.shape[0]
        inputs = tensor.shape[1]
        taps = tensor.shape[2...].reduce(1, *)
    }

    package var count: Int { outputs * inputs * taps }

    /// The folded numbers, [outputs, inputs, kernel…]; one copy for all who hold it at a time.
    ///
    /// - Throws: `NeuralNetworkError.outOfMemory`.
    package func buffer() throws -> WeightBuffer {
        try shared.withLock { shared in
            if let buffer = shared.buffer { return buffer }
            let buffer = try WeightBuffer(count: count) { target in
                guard let base = target.baseAddress else { return }
                fold(into: base) { output in output }
            }
            shared.buffer = buffer
            return buffer
        }
    }

    /// Writes the folded rows, [inputs, kernel…] each, to rows of the target.
    ///
    /// `row`: which row of the target takes an output's numbers; nil for outputs that are not wanted.
    func fold(into target: UnsafeMutablePointer<Float>, row: (Int) -> Int?) {
        let length = inputs * taps
        tensor.withFloats { source in
            guard let source = source.baseAddress else { return }
            for output in 0..<outputs {
                if let row = row(output) { foldRow(output, source + output * length, into: target + row * length) }
            }
        }
    }

    /// Shows the stored numbers, [outputs, inputs, kernel…], and what each output's are to be multiplied by.
    ///
    /// - Returns: nil without a call where inputs have factors as well.
    func withUnfolded<Result>(
        _ body: (_ numbers: UnsafePointer<Float>, _ outputFactors: UnsafePointer<Float>) -> Result
    ) -> Result? {
        guard inputFactors == nil else { return nil }
        return tensor.withFloats { numbers in
            outputFactors.withUnsafeBufferPointer { factors in
                guard let numbers = numbers.baseAddress, let factors = factors.baseAddress else { return nil }
                return body(numbers, factors)
            }
        }
    }

    /// Shows each wanted row, [inputs, kernel…], folded for the time of the call.
    func forEachFoldedRow(where isWanted: (Int) -> Bool, _ body: (_ output: Int, _ row: UnsafePointer<Float>) -> Void) {
        let length = inputs * taps
        tensor.withFloats { source in
            guard let source = source.baseAddress else { return }
            withUnsafeTemporaryAllocation(of: Float.self, capacity: length) { row in
                guard let target = row.baseAddress else { return }
                for output in 0..<outputs where isWanted(output) {
                    foldRow(output, source + output * length, into: target)
                    body(output, target)
                }
            }
        }
    }

    private func foldRow(_ output: Int, _ from: UnsafePointer<Float>, into to: UnsafeMutablePointer<Float>) {
        guard let inputFactors else {
            return Elementwise.scale(from, by: outputFactors[output], into: to, count: inputs * taps)
        }
        for input in 0..<inputs {
            Elementwise.scale(
                from + input * taps, by: outputFactors[output] * inputFactors[input], into: to + input * taps,
                count: taps)
        }
    }

    /// For each output, the sum of its weights times a number for each input channel.
    func sums(times numbers: [Float]) -> [Float] {
        tensor.withFloats { source in
            (0..<outputs).map { output in
                var sum = 0.0
                for input in 0..<inputs {
                    for tap in 0..<taps {
                        sum += Double(source[(output * inputs + input) * taps + tap]) * Double(numbers[input])
                    }
                }
                return Float(sum) * outputFactors[output]
            }
        }
    }

    /// Whether every folded number is finite.
    var isFinite: Bool {
        guard outputFactors.allSatisfy(\.isFinite), inputFactors?.allSatisfy(\.isFinite) ?? true else { return false }
        let largest = outputFactors.lazy.map(abs).max() ?? 0
        let largestInput = inputFactors?.lazy.map(abs).max() ?? 1
        return tensor.withFloats { source in
            guard let base = source.baseAddress else { return true }
            // The largest factor on the largest number: enough for all but numbers that no network has.
            return (Elementwise.largestMagnitude(base, count: source.count) * max(1, largest * largestInput)).isFinite
        }
    }

    /// Lets the system take back the pages of a mapped file that were read.
    func releasePages() { tensor.buffer.releasePages() }
}

internal import Contracts
internal import Datasets
internal import Dispatch
internal import Synchronization
internal import Tensors

/// The training cohort's mean, which is subtracted from every cut-out (Li et al. 2021: their mean image).
enum TrainingMean {
    /// The mean over all pixels of all cut-outs, margins of the square left aside; rounded, so that a model folder says
    /// it in a few digits.
    ///
    /// - Throws: `LearningError.examples` naming every picture that cannot be read.
    static func of(_ examples: [Example], by tensors: ExampleTensors) throws(LearningError) -> Double {
        let sums = Mutex([Int: Result<(sum: Double, count: Int), LearningError>]())
        DispatchQueue.concurrentPerform(iterations: examples.count) { index in
            let result: Result<(sum: Double, count: Int), LearningError>
            do throws(LearningError) {
                result = .success(try tensors.sumOfPixels(of: examples[index]))
            } catch {
                result = .failure(error)
            }
            sums.withLock { $0[index] = result }
        }
        var (sum, count) = (0.0, 0)
        var problems: [String] = []
        let found = sums.withLock { $0 }
        for index in examples.indices {
            switch found[index] {
            case .success(let one):
                sum += one.sum
                count += one.count
            case .failure(.examples(let texts)): problems += texts
            case .failure(let error): throw error
            case nil: break
            }
        }
        guard problems.isEmpty else { throw .examples(problems) }
        return count > 0 ? (sum / Double(count) * 1e4).rounded() / 1e4 : 0
    }

    /// Parts whose sums are added up in order, so that the mean does not depend on who was first.
    private static let parts = 16

    /// The mean of all padded cut-outs, pixel by pixel.
    ///
    /// - Parameters:
    ///   - examples: of the training cohort.
    ///   - tensors: without mean.
    ///   - scale: by which they multiply.
    /// - Returns: float32 [1, rows, columns], before the scale.
    /// - Throws: `LearningError.examples` naming every picture that cannot be read.
    static func image(
        of examples: [Example], by tensors: ExampleTensors, scale: Double
    ) throws(LearningError) -> Tensor {
        let extents = Array(tensors.input.size.reversed())
        let count = extents.reduce(1, *)
        let results = Mutex([Int: (sums: [Double], problems: [String])]())
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            var sums = [Double](repeating: 0, count: count)
            var problems: [String] = []
            for index in stride(from: part, to: examples.count, by: parts) {
                do throws(LearningError) {
                    try tensors.tensor(of: examples[index]).withFloats { floats in
                        for pixel in 0..<count { sums[pixel] += Double(floats[pixel]) }
                    }
                } catch {
                    if case .examples(let texts) = error { problems += texts } else { problems.append("\(error)") }
                }
            }
            results.withLock { $0[part] = (sums, problems) }
        }
        let found = results.withLock { $0 }
        let problems = (0..<parts).flatMap { found[$0]?.problems ?? [] }
        guard problems.isEmpty else { throw .examples(problems) }
        let factor = 1 / (Double(max(1, examples.count)) * scale)
        let means = (0..<count).map { pixel in
            Float((0..<parts).reduce(0) { $0 + (found[$1]?.sums[pixel] ?? 0) } * factor)
        }
        do { return try Tensor(shape: [1] + extents, floats: means) } catch {
            throw .invalid("the mean image: \(error)")
        }
    }
}

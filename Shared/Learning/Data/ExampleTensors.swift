package import Contracts
package import Datasets
internal import Imaging
package import Tensors

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Makes of examples what a network is fed, by the functions and with the parameters that serving uses: one answer for
/// training, evaluation and service.
package struct ExampleTensors: Sendable {
    package let input: ModelInput
    /// Samples added on every side of a lesion's patch, so that it can be turned; the patch itself stays as it is.
    package let margin: Int
    private let normalization: IntensityNormalization
    private let steps: PreparationSteps
    private let meanImage: MeanImage?
    private let reader = ImageReader()
    private let resolver = LocationResolver(roots: ["/"])

    /// What one example became.
    package struct Prepared: Sendable {
        /// float32: [C, D, H, W] of a lesion, [3, H, W] of a cut-out.
        package let tensor: Tensor
        /// The lesion's share of each sample, float32 [D, H, W] of 0 to 1; nil for cut-outs or where not asked for.
        package let mask: Tensor?
        /// For each channel, which share of the samples lies inside its volume.
        package let coverage: [Double]
    }

    /// - Parameters:
    ///   - input: the member `input` of `model.json`.
    ///   - margin: see ``margin``; of lesions only.
    /// - Throws: `LearningError.invalid` where the input's normalization, steps or mean image cannot be used.
    package init(_ input: ModelInput, margin: Int = 0) throws(LearningError) {
        self.input = input
        self.margin = margin
        do throws(Failure) {
            normalization = try IntensityNormalization(input.normalization)
            steps = try PreparationSteps(input.normalization.steps)
        } catch {
            throw .invalid(error.message)
        }
        do throws(ImagingError) {
            meanImage = try input.normalization.meanImage.map { image throws(ImagingError) in
                try MeanImage.load(image, side: input.size.first ?? 0)
            }
        } catch {
            throw .invalid(error.message)
        }
    }

    /// One example's input.
    ///
    /// - Throws: `LearningError.examples` with the example's id and the reason.
    package func tensor(of example: Example) throws(LearningError) -> Tensor {
        try prepare(example, wantsMask: false).tensor
    }

    /// One example's input, and where in it the lesion lies.
    ///
    /// - Throws: `LearningError.examples` with the example's id and the reason.
    package func prepare(_ example: Example, wantsMask: Bool) throws(LearningError) -> Prepared {
        let results = prepare(together: [example], wantsMasks: wantsMask)
        guard let first = results.first else { throw .examples(["\(example.id): was not prepared"]) }
        return try first.get()
    }

    /// Examples of one study, whose volumes are read, prepared and measured once.
    ///
    /// - Parameters:
    ///   - examples: lesions of the same series and mask, or one cut-out.
    ///   - wantsMasks: whether the lesions' masks are sampled as well.
    /// - Returns: a result for each, in order.
    package func prepare(
        together examples: [Example], wantsMasks: Bool
    ) -> [Result<Prepared, LearningError>] {
        guard let first = examples.first else { return [] }
        func failed(_ example: Example, _ error: any Error) -> LearningError {
            .examples(["\(example.id): \((error as? any FailureConvertible)?.failure.message ?? "\(error)")"])
        }
        switch first.source {
        case .cutout(let image, _):
            do {
                let tensor = try cutOut(image.path)
                return [.success(Prepared(tensor: tensor, mask: nil, coverage: [1]))]
            } catch {
                return [.failure(failed(first, error))]
            }
        case .lesion(let series, let mask, _):
            let study: LesionStudy
            do {
                study = try LesionStudy(
                    series: series.mapValues { $0.path }, mask: mask.path, wanted: input.sequences, steps: steps,
                    normalization: normalization, read: read)
            } catch {
                return examples.map { .failure(failed($0, error)) }
            }
            return examples.map { example in
                guard case .lesion(_, _, let label) = example.source else {
                    return .failure(.examples(["\(example.id): is no lesion"]))
                }
                do {
                    return .success(try study.patch(label: label, input: input, margin: margin, wantsMask: wantsMasks))
                } catch {
                    return .failure(failed(example, error))
                }
            }
        }
    }

    /// Examples that share volumes, together.
    package static func studies(_ examples: [Example]) -> [[Int]] {
        struct Key: Hashable {
            var series: [MRSequence: String]
            var mask: String
        }
        var groups: [[Int]] = []
        var places: [Key: Int] = [:]
        for (index, example) in examples.enumerated() {
            guard case .lesion(let series, let mask, _) = example.source else {
                groups.append([index])
                continue
            }
            let key = Key(series: series.mapValues { $0.path }, mask: mask.path)
            if let place = places[key] {
                groups[place].append(index)
            } else {
                places[key] = groups.count
                groups.append([index])
            }
        }
        return groups
    }

    /// The mean of a cut-out's pixels on the input's scale before mean and scale, and how many they are.
    func sumOfPixels(of example: Example) throws(LearningError) -> (sum: Double, count: Int) {
        guard case .cutout(let image, _) = example.source else { return (0, 0) }
        do {
            let picture = try picture(image.path)
            return (picture.pixels.reduce(0) { $0 + Double($1) }, picture.pixels.count)
        } catch {
            throw .examples(["\(example.id): \(error.message)"])
        }
    }

    private func cutOut(_ path: String) throws -> Tensor {
        guard input.size.count == 2, input.size[0] == input.size[1] else {
            throw LearningError.invalid("input.size: expected two equal sizes for cut-outs, found \(input.size)")
        }
        let padding = CutOutPadding(
            side: input.size[0], mean: input.normalization.mean.map { [$0] } ?? [],
            scale: input.normalization.scale ?? 1)
        return try padding.input(from: picture(path), meanImage: meanImage?.pixels).tensor
    }

    /// As serving cuts a whole image.
    private func picture(_ path: String) throws(ImagingError) -> CutOut {
        var volume = try read(path)
        volume = try steps.apply(to: volume, reference: nil).0
        let section = try CrossSection(wholeOf: volume, subject: "image")
        return CutOut(section, of: volume, normalization: normalization.parameters(for: volume))
    }

    private func read(_ path: String) throws(ImagingError) -> Volume {
        try reader.read(path, beneath: resolver, subject: path.split(separator: "/").last.map(String.init) ?? "image")
            .volume
    }
}

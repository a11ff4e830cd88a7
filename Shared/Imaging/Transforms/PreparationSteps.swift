package import Contracts

/// Carries out the steps that a model folder asks for before intensities are normalized, and tells what was done.
/// Serving and training prepare volumes by it alike.
package struct PreparationSteps: Sendable {
    private enum Step: Sendable {
        case registration(always: Bool)
        case biasField(BiasFieldCorrection)
    }

    private let steps: [Step]

    /// - Throws: ``Failure`` `model-damaged` for a step that there is not, or parameters that cannot be used.
    package init(_ asked: [PreparationStep]?) throws(Failure) {
        var steps: [Step] = []
        for step in asked ?? [] {
            switch step.name {
            case "registration":
                guard ["moved", "always"].contains(step.when ?? "moved") else {
                    throw Self.damaged("when: expected moved or always, found another word")
                }
                steps.append(.registration(always: step.when == "always"))
            case "n4":
                var correction = BiasFieldCorrection()
                correction.shrinkFactor = step.shrinkFactor ?? 2
                correction.iterations = step.iterations ?? correction.iterations
                correction.convergenceThreshold = step.convergenceThreshold ?? correction.convergenceThreshold
                if let problem = correction.problem { throw Self.damaged(problem) }
                steps.append(.biasField(correction))
            default:
                throw Self.damaged("expected registration or n4, found another word")
            }
        }
        self.steps = steps
    }

    /// Whether series are moved onto the one in whose world the regions lie.
    package var needsReference: Bool {
        steps.contains { if case .registration = $0 { true } else { false } }
    }

    private static func damaged(_ problem: String) -> Failure {
        Failure(.modelDamaged, .transient, "input.normalization.steps: \(problem); mend model.json")
    }

    /// Prepares a volume.
    ///
    /// - Parameters:
    ///   - volume: the series' own.
    ///   - reference: the series in whose world the regions lie; nil for that series itself, which stays where it is.
    /// - Returns: the prepared volume, and a note for each step that was done.
    /// - Throws: `affine-invalid` where a volume's affine cannot be inverted.
    package func apply(to volume: Volume, reference: Volume?) throws(ImagingError) -> (Volume, [SeriesNote]) {
        var prepared = volume
        var notes: [SeriesNote] = []
        for step in steps {
            switch step {
            case .registration(let always):
                guard let reference else { continue }
                let outcome =
                    try always
                    ? RigidRegistration().register(prepared, to: reference)
                    : RigidRegistration().registerIfMoved(prepared, to: reference)
                guard always || outcome.isMovement else {
                    notes.append(StepNotes.still(outcome))
                    continue
                }
                notes.append(StepNotes.registration(outcome))
                if outcome.isTrustworthy { prepared = try prepared.placed(by: outcome.motion) }
            case .biasField(let correction):
                let corrected = try correction.correct(prepared, mask: HeadMask.voxels(of: prepared))
                prepared = corrected.volume
                notes.append(StepNotes.biasField(correction, iterations: corrected.iterations))
            }
        }
        return (prepared, notes)
    }
}

extension IntensityNormalization {
    /// The normalization that a model folder asks for.
    ///
    /// - Throws: ``Failure`` `model-damaged` where a word is unknown.
    package init(_ model: ModelNormalization) throws(Failure) {
        guard let method = Method(rawValue: model.method) else {
            throw Failure(
                .modelDamaged, .transient,
                "input.normalization.method: expected none, z-score or min-max, found another word; mend model.json")
        }
        guard let measured = Measured(rawValue: model.measured ?? Measured.head.rawValue) else {
            throw Failure(
                .modelDamaged, .transient,
                "input.normalization.measured: expected head, otsu, nonzero or all, found another word; mend model.json"
            )
        }
        self.init(
            method: method, measured: measured, lowerPercentile: model.lowerPercentile ?? 0.5,
            upperPercentile: model.upperPercentile ?? 99.5, clip: model.clip)
    }
}

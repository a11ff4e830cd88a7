package import Contracts
import Datasets
import Imaging
import Statistics

/// What is known of a cohort because it was made: `truth.json` beside it.
package struct CohortTruth: Codable, Sendable {
    /// The best AUC for a question from some sequences.
    package struct Attainable: Codable, Sendable {
        package var task: String
        package var sequences: [String]
        /// Of the model, over all lesions or pictures that it could make.
        package var auc: Double
        /// Of the simulation; 0 where a formula gave the AUC.
        package var standardError: Double
        /// Of the likelihood ratio on this cohort's own examples; nil where a class is missing.
        package var cohortAUC: Double?
    }

    package struct Latent: Codable, Sendable {
        package var name: String
        package var means: [String: Double]
        package var sequences: [String]
    }

    package var schema = "oncorelay.phantom-cohort/1"
    package var cohort: String
    package var variety: String?
    package var seed: UInt64
    package var separation: Double
    package var sharedVariance: Double
    package var patients: Int
    package var examples: Int
    package var outcomes: [String: Int]
    package var latents: [Latent]
    package var attainable: [Attainable]
    package var note = "Invented appearances; no clinical truth is meant. \(Disclaimer.text)"
}

/// One made example: what it is, and the numbers that it was made of.
struct TrueExample: Sendable {
    let id: String
    let outcome: Outcome
    let latents: [Double]
}

extension CohortTruth {
    /// The sequences that the first paper compares.
    package static let sequenceSets: [[MRSequence]] =
        MRSequence.allCases.map { [$0] } + [
            [.t1, .flair, .dwi], [.dwi, .t1ce], [.t2, .dwi, .t1ce], MRSequence.allCases,
        ]

    init(
        _ model: LatentModel, separation: Double, variety: String? = nil, seed: UInt64, patients: Int,
        examples: [TrueExample], draws: Int = AttainableAUC.draws
    ) {
        let isBrain = model.task == .brainMetastasis
        let roles = ClassifierRole.allCases.filter { $0.task == model.task }
        let sets = isBrain ? Self.sequenceSets : [[.t2]]
        var attainable: [Attainable] = []
        for role in roles {
            for sequences in sets {
                let best = AttainableAUC(model, role, seeing: Set(sequences), draws: draws)
                attainable.append(
                    Attainable(
                        task: role.rawValue, sequences: sequences.map(\.rawValue), auc: best.value,
                        standardError: best.standardError,
                        cohortAUC: Self.area(LikelihoodRatio(model, role, seeing: Set(sequences)), role, examples)))
            }
        }
        self.init(
            cohort: model.task.rawValue, variety: variety, seed: seed, separation: separation,
            sharedVariance: model.sharedVariance, patients: patients, examples: examples.count,
            outcomes: Dictionary(grouping: examples, by: \.outcome.rawValue).mapValues(\.count),
            latents: model.latents.map { latent in
                Latent(
                    name: latent.name,
                    means: Dictionary(uniqueKeysWithValues: latent.means.map { ($0.key.rawValue, $0.value) }),
                    sequences: latent.sequences.sorted().map(\.rawValue))
            }, attainable: attainable)
    }

    private static func area(_ ratio: LikelihoodRatio, _ role: ClassifierRole, _ examples: [TrueExample]) -> Double? {
        let cases = examples.compactMap { example in
            role.label(of: example.outcome).map { (label: $0 == 1, score: ratio.score(example.latents)) }
        }
        guard let scores = try? LabeledScores(labels: cases.map(\.label), scores: cases.map(\.score)) else {
            return nil
        }
        return try? DeLong.area(under: scores).value
    }
}

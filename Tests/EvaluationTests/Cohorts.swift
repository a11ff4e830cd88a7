import Contracts
import Datasets
import Evaluation

/// Cohorts with scores, made by a seed.
enum Cohorts {
    struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    /// Brain metastases of four origins with scores for all three questions.
    static func brain(
        patients: Int = 60, systems: [(name: String, noise: Double)] = [("ResNet18", 0.25)], seed: UInt64 = 1,
        leaking: Bool = false
    ) -> EvaluationMaterial {
        var generator = Generator(state: seed)
        var cases: [EvaluationCase] = []
        let outcomes: [Outcome] = [.sclc, .nsclc, .bc, .gic]
        let cohorts: [Cohort] = [.training, .testing, .testing, .independent]
        for patient in 0..<patients {
            for lesion in 0..<(1 + patient % 3) {
                let place = leaking ? patient + lesion : patient
                cases.append(
                    EvaluationCase(
                        id: "sub-\(patient)_\(lesion)", patient: "sub-\(patient)", group: "sub-\(patient)_\(lesion)",
                        cohort: cohorts[(place / 4) % 4], outcome: outcomes[patient % 4]))
            }
        }
        var scores: [SystemScores] = []
        for system in systems {
            for role in ClinicalTask.brainMetastasis.roles {
                var values: [String: Double] = [:]
                for item in cases {
                    let middle = role.label(of: item.outcome).map { $0 == 1 ? 0.65 : 0.35 } ?? 0.5
                    let noise =
                        Double.random(in: -1...1, using: &generator) + Double.random(in: -1...1, using: &generator)
                    values[item.id] = min(max(middle + system.noise * noise, 0), 1)
                }
                scores.append(SystemScores(system: system.name, role: role, scores: values, threshold: 0.5))
            }
        }
        return EvaluationMaterial(task: .brainMetastasis, cases: cases, systems: scores, splitUnit: .patient)
    }

    /// Pictures of lymph nodes: `positives` and `negatives` of them, each its own node and patient.
    static func nodes(positives: Int, negatives: Int, cohort: Cohort = .testing) -> [EvaluationCase] {
        (0..<positives + negatives).map { index in
            EvaluationCase(
                id: "n\(index)", patient: "p\(index)", group: "g\(index)", cohort: cohort,
                outcome: index < positives ? .positive : .negative, shortAxis: 4 + Double(index % 7))
        }
    }

    /// Calls with so many right and wrong ones.
    static func reading(
        _ reader: String, _ condition: String, of cases: [EvaluationCase], truePositives: Int, falsePositives: Int
    ) -> Reading {
        var (hits, alarms) = (truePositives, falsePositives)
        var calls: [String: String] = [:]
        for item in cases {
            let isCalled = item.outcome == .positive ? hits > 0 : alarms > 0
            if item.outcome == .positive { hits -= 1 } else { alarms -= 1 }
            calls[item.id] = isCalled ? "positive" : "negative"
        }
        return Reading(reader: reader, condition: condition, calls: calls)
    }
}

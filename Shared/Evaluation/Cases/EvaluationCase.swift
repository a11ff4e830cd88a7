package import Classifiers
package import Contracts
package import Datasets

/// One lesion or one picture, as far as an evaluation knows it.
package struct EvaluationCase: Sendable, Equatable {
    package var id: String
    /// A pseudonym; used to keep a patient's cases together, and never shown.
    package var patient: String
    /// The lesion or the node; a node's pictures share it.
    package var group: String
    package var cohort: Cohort
    package var outcome: Outcome
    /// In mm.
    package var shortAxis: Double?

    package init(
        id: String, patient: String, group: String, cohort: Cohort, outcome: Outcome, shortAxis: Double? = nil
    ) {
        self.id = id
        self.patient = patient
        self.group = group
        self.cohort = cohort
        self.outcome = outcome
        self.shortAxis = shortAxis
    }
}

/// What one network says of the cases.
package struct SystemScores: Sendable, Equatable {
    /// What is compared: a network with its input, such as `3D ResNet18, T1`. Networks of a hierarchy share it.
    package var system: String
    package var role: ClassifierRole
    /// The probability of the role's class 1, calibrated as in service, by the cases' ids.
    package var scores: [String: Double]
    /// Of the model: class 1 is given from here on.
    package var threshold: Double?
    package var model: ModelProvenance?
    /// As `scores`, before the model's calibration; empty for a model without.
    package var uncalibrated: [String: Double]
    /// By the cases' ids; empty for a model that says nothing of what may be trusted.
    package var judgements: [String: TrustJudgement]
    /// What results call the calibration; nil for none.
    package var calibration: String?

    package init(
        system: String, role: ClassifierRole, scores: [String: Double], threshold: Double? = nil,
        model: ModelProvenance? = nil, uncalibrated: [String: Double] = [:],
        judgements: [String: TrustJudgement] = [:], calibration: String? = nil
    ) {
        self.system = system
        self.role = role
        self.scores = scores
        self.threshold = threshold
        self.model = model
        self.uncalibrated = uncalibrated
        self.judgements = judgements
        self.calibration = calibration
    }
}

/// Which network gave the scores.
package struct ModelProvenance: Sendable, Equatable, Encodable {
    package var name: String
    package var version: String
    package var weightsSHA256: String
    /// Such as `3D ResNet18`.
    package var architecture: String
    /// Such as `T1CE+T2+DWI`.
    package var input: String
    package var parameters: Int
}

/// One reader's calls in one way of reading.
package struct Reading: Sendable, Equatable {
    package var reader: String
    /// Such as `without short axis`; empty where there is but one.
    package var condition: String
    /// By the cases' ids, in lower case: `positive`, `negative`, or the origin (`sclc`, `nsclc`, `bc`, `gic`).
    package var calls: [String: String]

    package init(reader: String, condition: String, calls: [String: String]) {
        self.reader = reader
        self.condition = condition
        self.calls = calls
    }

    package var name: String { condition.isEmpty ? reader : "\(reader), \(condition)" }

    /// Whether the reader speaks for the role's class 1; nil where the case has no call.
    ///
    /// A call outside of the role's two classes is wrong whatever the case is: an SCLC called BC was not found to be
    /// SCLC, and an NSCLC called BC was not found to be NSCLC.
    func call(of item: EvaluationCase, for role: ClassifierRole) -> Bool? {
        guard let word = calls[item.id], let truth = role.label(of: item.outcome) else { return nil }
        if role == .nodeStatus { return word == Outcome.positive.rawValue }
        guard let called = Outcome(word, of: .brainMetastasis).flatMap({ role.label(of: $0) }) else {
            return truth == 0
        }
        return called == 1
    }
}

/// All that an evaluation is made from.
package struct EvaluationMaterial: Sendable {
    package var task: ClinicalTask
    /// Of all cohorts, also of those that are not evaluated: patients that stand in two are looked for everywhere.
    package var cases: [EvaluationCase]
    package var systems: [SystemScores]
    package var readings: [Reading]
    /// How the cohorts were made, where it is known.
    package var splitUnit: SplitUnit?

    package init(
        task: ClinicalTask, cases: [EvaluationCase], systems: [SystemScores], readings: [Reading] = [],
        splitUnit: SplitUnit? = nil
    ) {
        self.task = task
        self.cases = cases
        self.systems = systems
        self.readings = readings
        self.splitUnit = splitUnit
    }

    /// The systems' names, each once, in the order in which they were given.
    package var systemNames: [String] {
        var names: [String] = []
        for system in systems where !names.contains(system.system) { names.append(system.system) }
        return names
    }

    /// The questions that some system answers, in the hierarchy's order.
    package var roles: [ClassifierRole] {
        ClassifierRole.allCases.filter { role in systems.contains { $0.role == role } }
    }
}

extension ClinicalTask {
    /// The questions that belong to it, in the hierarchy's order.
    package var roles: [ClassifierRole] { ClassifierRole.allCases.filter { $0.task == self } }
}

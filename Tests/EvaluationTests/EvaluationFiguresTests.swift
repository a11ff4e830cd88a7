import Classifiers
import Contracts
import Datasets
import Evaluation
import Statistics
import Testing

struct EvaluationFiguresTests {
    private let settings = EvaluationSettings(resamples: 50)

    @Test func areasAreThoseOfTheStatisticsRoom() throws {
        let material = Cohorts.brain()
        let evaluation = try Evaluation(material, settings: settings)
        let figure = try #require(
            evaluation.figures.first {
                $0.task == .sclcVersusNSCLC && $0.cohort == .testing && $0.unit == .lesion
            })
        let members = material.cases.filter { $0.cohort == .testing && [.sclc, .nsclc].contains($0.outcome) }
        let system = try #require(material.systems.first { $0.role == .sclcVersusNSCLC })
        let cases = try LabeledScores(
            labels: members.map { $0.outcome == .sclc }, scores: members.map { system.scores[$0.id] ?? -1 })
        #expect(figure.auc.value == (try DeLong.area(under: cases).value))
        #expect(figure.positives == cases.positives && figure.negatives == cases.negatives)
        let counts = ConfusionCounts(cases, threshold: 0.5)
        #expect(figure.atCut.tp == counts.truePositives && figure.atCut.fn == counts.falseNegatives)
        #expect(figure.cut.source == "the model's threshold" && !figure.cut.isChosenHere)
    }

    @Test func patientsAreCountedOnceByTheirMean() throws {
        let evaluation = try Evaluation(Cohorts.brain(), settings: settings)
        let figure = try #require(
            evaluation.figures.first { $0.task == .lungVersusNonLung && $0.cohort == .testing && $0.unit == .patient })
        #expect(figure.positives + figure.negatives == figure.patients)
    }

    @Test func aPatientOfLymphNodesIsAsSuspiciousAsTheWorstNode() throws {
        var cases = Cohorts.nodes(positives: 2, negatives: 4)
        for index in [0, 2] { cases[index].patient = "shared" }
        for index in [1, 3] { cases[index].patient = "shared2" }
        let scores = Dictionary(uniqueKeysWithValues: zip(cases.map(\.id), [0.9, 0.2, 0.1, 0.8, 0.3, 0.1]))
        let material = EvaluationMaterial(
            task: .lymphNode, cases: cases, systems: [SystemScores(system: "net", role: .nodeStatus, scores: scores)])
        let evaluation = try Evaluation(material, settings: EvaluationSettings(cut: .fixed(0.5), resamples: 0))
        let byImage = try #require(evaluation.figures.first { $0.unit == .image })
        let byPatient = try #require(evaluation.figures.first { $0.unit == .patient })
        #expect([byImage.atCut.tp, byImage.atCut.fn, byImage.atCut.fp, byImage.atCut.tn] == [1, 1, 1, 3])
        #expect([byPatient.atCut.tp, byPatient.atCut.fn, byPatient.atCut.fp, byPatient.atCut.tn] == [2, 0, 0, 2])
        #expect(byPatient.auc.bootstrap == nil)
    }

    @Test func youdensCutIsChosenOnTheTestingCohortOnly() throws {
        var chosen = settings
        chosen.cut = .youden
        let evaluation = try Evaluation(Cohorts.brain(), settings: chosen)
        let figures = evaluation.figures.filter { $0.task == .bcVersusGIC && $0.unit == .lesion }
        let testing = try #require(figures.first { $0.cohort == .testing })
        let independent = try #require(figures.first { $0.cohort == .independent })
        #expect(testing.cut.threshold == testing.youden[0].threshold && testing.cut.isChosenHere)
        #expect(independent.cut.threshold == testing.cut.threshold && !independent.cut.isChosenHere)
        #expect(evaluation.warnings.contains { $0.contains("Youden's on the same cohort") })
    }

    @Test func originsAreJoinedByTheDecisionThatIsInService() throws {
        let material = Cohorts.brain(systems: [("sharp", 0.02)])
        let evaluation = try Evaluation(material, settings: settings)
        let figure = try #require(evaluation.hierarchies.first { $0.cohort == .testing && $0.unit == .lesion })
        #expect(figure.accuracy?.value == 1 && figure.macroAUC == 1)
        let noisy = try Evaluation(Cohorts.brain(systems: [("noisy", 0.4)]), settings: settings)
        let other = try #require(noisy.hierarchies.first { $0.cohort == .testing && $0.unit == .lesion })
        #expect(other.confusion.reduce(0) { $0 + $1.reduce(0, +) } == other.count)
        #expect(other.macroAUC == other.leaves.reduce(0) { $0 + $1.auc.value } / 4)
        #expect(try #require(other.accuracy).value < 1)
    }

    @Test func patientsInTwoCohortsAreCountedAndWarnedOf() throws {
        let clean = try Evaluation(Cohorts.brain(), settings: settings)
        #expect(clean.overlaps.allSatisfy { $0.patients == 0 } && !clean.warnings.contains { $0.contains("Leakage") })
        let material = Cohorts.brain(leaking: true)
        let leaking = try Evaluation(material, settings: settings)
        let overlap = try #require(leaking.overlaps.first { $0.first == .training && $0.second == .testing })
        let training = Set(material.cases.filter { $0.cohort == .training }.map(\.patient))
        let testing = material.cases.filter { $0.cohort == .testing }
        #expect(overlap.casesOfSecond == testing.count { training.contains($0.patient) } && overlap.patients > 0)
        #expect(leaking.warnings.first?.hasPrefix("Leakage: \(overlap.patients) patient") == true)
    }

    @Test func sweepsAreComparedWithTheirReferenceAndAdjusted() throws {
        let names = (0..<6).map { ("net \($0)", 0.2 + 0.1 * Double($0)) }
        var sweep = settings
        sweep.reference = "net 0"
        sweep.units = [.lesion]
        sweep.cohorts = [.testing]
        let material = Cohorts.brain(systems: names)
        let evaluation = try Evaluation(material, settings: sweep)
        #expect(evaluation.comparisons.count == 5 * 3)
        #expect(evaluation.comparisons.allSatisfy { $0.second == "net 0" && $0.adjustedP >= $0.p })
        let expected = MultipleComparisons.holm(evaluation.comparisons.map(\.p))
        #expect(evaluation.comparisons.map(\.adjustedP) == expected)
    }

    @Test func theSameSeedGivesTheSameFigures() throws {
        let first = try EvaluationFiles.json(try Evaluation(Cohorts.brain(), settings: settings))
        #expect(first == (try EvaluationFiles.json(try Evaluation(Cohorts.brain(), settings: settings))))
    }

    @Test func intervalThatCannotBeHadSaysWhy() throws {
        var cases = Cohorts.nodes(positives: 6, negatives: 6)
        for index in cases.indices { cases[index].patient = "the only one" }
        let scores = Dictionary(uniqueKeysWithValues: cases.enumerated().map { ($1.id, Double($0 * 7 % 12) / 12) })
        let material = EvaluationMaterial(
            task: .lymphNode, cases: cases, systems: [SystemScores(system: "net", role: .nodeStatus, scores: scores)],
            readings: [
                Cohorts.reading("R1", "", of: cases, truePositives: 6, falsePositives: 6),
                Cohorts.reading("R2", "", of: cases, truePositives: 6, falsePositives: 6),
            ])
        let evaluation = try Evaluation(material, settings: EvaluationSettings(units: [.image], cut: .fixed(0.5)))
        let figure = try #require(evaluation.figures.first)
        #expect(figure.auc.bootstrap == .notComputed("a bootstrap by patient needs two patients or more"))
        #expect(evaluation.notComputed.contains { $0.hasPrefix("Interval by patients of the AUC of net") })
        // Two readers who call everything positive: their agreement is beyond chance by nothing that can be counted.
        #expect(evaluation.agreement.isEmpty == evaluation.notComputed.contains { $0.hasPrefix("Kappa of R1 and R2") })
        let json = String(decoding: try EvaluationFiles.json(evaluation), as: UTF8.self)
        #expect(json.contains("\"notComputed\" : \"a bootstrap by patient needs"))
        let page = EvaluationReport(evaluation).html()
        #expect(page.contains("<h3>Not computed</h3>") && page.contains("needs two patients or more"))
        let plain = try Evaluation(Cohorts.brain(), settings: settings)
        #expect(plain.notComputed.isEmpty && !EvaluationReport(plain).html().contains("Not computed"))
    }

    @Test func patientsAreJoinedByTheRuleThatIsInService() throws {
        let material = Cohorts.brain(systems: [("noisy", 0.4)])
        let evaluation = try Evaluation(material, settings: settings)
        let figure = try #require(evaluation.hierarchies.first { $0.cohort == .testing && $0.unit == .patient })
        var right = 0
        let patients = Dictionary(grouping: material.cases.filter { $0.cohort == .testing }, by: \.patient)
        for members in patients.values {
            let voices = try members.map { item -> PatientDecision.Voice in
                var outcomes: [ClassifierRole: NodeOutcome] = [:]
                for system in material.systems {
                    let score = try #require(system.scores[item.id])
                    outcomes[system.role] = .evaluated(
                        try NodeEvidence(
                            role: system.role, labels: system.role.classNames, probabilities: [1 - score, score],
                            threshold: 0.5))
                }
                let decision = BrainMetastasisDecision.decide(outcomes)
                return PatientDecision.Voice(label: decision.label, probabilities: decision.probabilities)
            }
            right += PatientDecision.origin(of: voices).leaf == members[0].outcome.rawValue.lowercased() ? 1 : 0
        }
        #expect(figure.accuracy?.successes == right && figure.count == patients.count)
    }
}

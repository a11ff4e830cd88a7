import Contracts
import Datasets
import Evaluation
import Testing

struct ReaderTests {
    /// Table 2 of Li et al. 2021, with 318 positive and 326 negative images.
    private static let rows:
        [(reader: String, condition: String, tp: Int, fp: Int, shares: [Double], area: Double, accuracy: Double)] = [
            ("R2", "without SA", 174, 95, [64.7, 61.6, 54.7, 70.9], 0.626, 62.7),
            ("R2", "with SA", 217, 129, [62.7, 66.1, 68.2, 60.4], 0.643, 64.3),
            ("R3", "without SA", 222, 117, [65.5, 68.5, 69.8, 64.1], 0.671, 67.1),
            ("R3", "with SA", 230, 126, [64.6, 69.4, 72.3, 61.3], 0.670, 66.9),
        ]

    private func evaluation() throws -> Evaluation {
        let cases = Cohorts.nodes(positives: 318, negatives: 326)
        let readings = Self.rows.map {
            Cohorts.reading($0.reader, $0.condition, of: cases, truePositives: $0.tp, falsePositives: $0.fp)
        }
        var scores: [String: Double] = [:]
        for (index, item) in cases.enumerated() {
            scores[item.id] = (item.outcome == .positive ? 0.6 : 0.2) + Double(index % 20) / 50
        }
        let material = EvaluationMaterial(
            task: .lymphNode, cases: cases,
            systems: [SystemScores(system: "Inception-v3", role: .nodeStatus, scores: scores, threshold: 0.59)],
            readings: readings)
        return try Evaluation(material, settings: EvaluationSettings(resamples: 0))
    }

    @Test func readersOfTheLymphNodePaperAreReproduced() throws {
        let evaluation = try evaluation()
        for row in Self.rows {
            let found = try #require(
                evaluation.readers.first { $0.reader == row.reader && $0.condition == row.condition })
            #expect(found.counts.tp == row.tp && found.counts.fn == 318 - row.tp)
            #expect(found.counts.fp == row.fp && found.counts.tn == 326 - row.fp)
            let shares = [
                found.counts.ppv, found.counts.npv, found.counts.sensitivity, found.counts.specificity,
            ]
            for (share, expected) in zip(shares, row.shares) {
                #expect(abs(try #require(share).value * 100 - expected) <= 0.05 + 1e-9)
            }
            // The paper's areas and accuracies were rounded or read off otherwise: they agree to two digits only.
            let area = try #require(found.auc)
            #expect(abs(area.value - (found.counts.area ?? -1)) < 1e-12)
            #expect(abs(area.value - row.area) < 0.0025)
            #expect(abs(try #require(found.counts.accuracy).value * 100 - row.accuracy) < 0.25)
        }
    }

    @Test func comparisonsAreThoseOfThePaper() throws {
        let evaluation = try evaluation()
        let pairs = evaluation.readerComparisons.map { "\($0.first) / \($0.second)" }
        #expect(
            pairs == [
                "R2, without SA / R2, with SA", "R2, without SA / R3, without SA", "R2, without SA / Inception-v3",
                "R2, with SA / R3, with SA", "R2, with SA / Inception-v3", "R3, without SA / R3, with SA",
                "R3, without SA / Inception-v3", "R3, with SA / Inception-v3",
            ])
        let network = evaluation.readerComparisons.filter { $0.second == "Inception-v3" }
        #expect(network.allSatisfy { $0.difference < 0 && $0.p < 0.001 })
        #expect(evaluation.agreement.map(\.condition) == ["without SA", "with SA"])
        #expect(evaluation.readers.count { $0.isNetwork } == 1)
    }

    @Test func aCallOutsideOfAQuestionIsWrong() throws {
        var material = Cohorts.brain(patients: 24)
        let testing = material.cases.filter { $0.cohort == .testing }
        material.readings = [
            Reading(
                reader: "radiologist", condition: "",
                calls: Dictionary(uniqueKeysWithValues: testing.map { ($0.id, "bc") }))
        ]
        let evaluation = try Evaluation(material, settings: EvaluationSettings(resamples: 0))
        let lung = try #require(evaluation.readers.first { !$0.isNetwork && $0.task == .lungVersusNonLung })
        #expect(lung.counts.tp == 0 && lung.counts.fp == 0)
        let small = try #require(evaluation.readers.first { !$0.isNetwork && $0.task == .sclcVersusNSCLC })
        #expect(small.counts.tp == 0 && small.counts.tn == 0)
        let breast = try #require(evaluation.readers.first { !$0.isNetwork && $0.task == .bcVersusGIC })
        #expect(breast.counts.fn == 0 && breast.counts.tn == 0)
    }
}

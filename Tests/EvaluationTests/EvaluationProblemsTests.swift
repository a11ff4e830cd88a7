import Contracts
import Datasets
import Evaluation
import Foundation
import Testing

struct EvaluationProblemsTests {
    private func problems(_ material: EvaluationMaterial, _ settings: EvaluationSettings = .init()) throws -> [String] {
        let error = #expect(throws: EvaluationProblems.self) { try Evaluation(material, settings: settings) }
        return try #require(error).problems
    }

    @Test func oneClassOnlyIsRefusedWithItsCounts() throws {
        var material = Cohorts.brain()
        material.cases.removeAll { $0.outcome == .gic && $0.cohort == .independent }
        let found = try problems(material)
        #expect(found.count == 1)
        #expect(found[0].contains("bc-vs-gic, cohort independent") && found[0].contains("0 gic"))
    }

    @Test func missingScoresAreCountedForEverySystemAndCohort() throws {
        var material = Cohorts.brain()
        let testing = material.cases.filter { $0.cohort == .testing }.map(\.id)
        for id in testing.prefix(7) { material.systems[0].scores[id] = nil }
        let found = try problems(material)
        #expect(found.count == 1 && found[0].contains("no score for lung-vs-non-lung of 7 of"))
        #expect(found[0].contains("and 2 more"))
    }

    @Test func namesThatAreNotThereAreRefusedTogether() throws {
        let settings = EvaluationSettings(units: [.node], reference: "other", readers: ["R9"])
        let found = try problems(Cohorts.brain(), settings)
        #expect(found.count == 3)
    }

    @Test func configurationsAreReadWithTheirDefaults() throws {
        let text = """
            title: Origins
            scores: tables/scores.csv
            calls: /elsewhere/calls.csv
            cohorts: [testing]
            cut: 0.4
            correction: benjamini-hochberg
            bootstrap: {resamples: 100, seed: 7}
            """
        let found = try EvaluationConfiguration.read(text, path: "/study/evaluate.yaml")
        #expect(found.scores == "/study/tables/scores.csv" && found.calls == "/elsewhere/calls.csv")
        #expect(found.settings.cut == .fixed(0.4) && found.settings.cohorts == [.testing])
        #expect(found.settings.resamples == 100 && found.settings.seed == 7 && found.settings.level == 0.95)
        #expect(found.settings.correction == .benjaminiHochberg)
    }

    @Test func everyWrongKeyOfAConfigurationIsNamedWithItsLine() throws {
        let text = """
            scores: a.csv
            colour: red
            cohorts: [testing, elsewhere]
            level: 2
            bootstrap:
              resamples: many
              sead: 4
            models:
              - {name: x, folders: [a, b, c, d]}
            """
        let error = #expect(throws: EvaluationProblems.self) {
            try EvaluationConfiguration.read(text, path: "e.yaml")
        }
        let problems = try #require(error).problems
        for (line, word) in [(2, "'colour'"), (3, "elsewhere"), (4, "between 0.5 and 1"), (6, "many"), (7, "'sead'")] {
            #expect(problems.contains { $0.contains("line \(line)") && $0.contains(word) }, "\(line): \(problems)")
        }
        #expect(problems.contains { $0.contains("leave out 'models'") })
        #expect(problems.contains { $0.contains("a hierarchy has three") })
        #expect(throws: EvaluationProblems.self) { try EvaluationConfiguration.read("a: [", path: "e.yaml") }
        #expect(throws: EvaluationProblems.self) { try EvaluationConfiguration.read("", path: "e.yaml") }
    }

    @Test func aSplitThatDoesNotFitIsRefused() throws {
        let folder = try Folder()
        let material = Cohorts.brain(patients: 8)
        try folder.write(ScoreTable.text(material), "scores.csv")
        var assignment = Dictionary(uniqueKeysWithValues: material.cases.map { ($0.id, $0.cohort) })
        assignment["sub-0_0"] = nil
        assignment["sub-1_0"] = .independent
        let split = Split(unit: .patient, seed: 1, fractions: [:], assignment: assignment)
        try folder.write(String(decoding: try JSONEncoder().encode(split), as: UTF8.self), "split.json")
        try folder.write("scores: scores.csv\nsplit: split.json\n", "evaluate.yaml")
        let run = try EvaluationRun.read(folder.path("evaluate.yaml"))
        let error = #expect(throws: EvaluationProblems.self) { try run.tables() }
        let problems = try #require(error).problems
        #expect(problems.count == 2)
        #expect(problems[0].contains("sub-0_0") && problems[1].contains("sub-1_0"))
    }

    @Test func missingFilesAreNamedTogether() throws {
        let folder = try Folder()
        try folder.write("scores: scores.csv\nhistory: [history.csv]\n", "evaluate.yaml")
        let run = try EvaluationRun.read(folder.path("evaluate.yaml"))
        let error = #expect(throws: EvaluationProblems.self) { try run.tables() }
        #expect(try #require(error).problems.count == 2)
        #expect(throws: EvaluationProblems.self) { try EvaluationRun.read(folder.path("absent.yaml")) }
    }

    @Test func nothingIsLeftWhereAFileCannotBeWritten() throws {
        let folder = try Folder()
        try folder.write("in the way", "blocked")
        var files = EvaluationFiles()
        files.add("1", at: folder.path("out/scores.csv"))
        files.add("2", at: folder.path("blocked/evaluation.json"))
        #expect(throws: EvaluationProblems.self) { try files.write() }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("out")).isEmpty)
    }
}

/// A folder that goes with the test.
final class Folder {
    private let root: URL

    init() throws {
        root = FileManager.default.temporaryDirectory.appending(path: "evaluation-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    func path(_ name: String) -> String { root.appending(path: name).path }

    func write(_ text: String, _ name: String) throws { try Data(text.utf8).write(to: root.appending(path: name)) }
}

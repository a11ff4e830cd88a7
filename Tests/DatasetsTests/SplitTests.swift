import Contracts
import Datasets
import Foundation
import Testing

@Suite struct SplitTests {
    /// Patients with one to three lesions of one origin.
    private static func dataset(patients: Int) -> Dataset {
        let root = URL(filePath: "/nowhere")
        let outcomes = Outcome.all(of: .brainMetastasis)
        var examples: [Example] = []
        for patient in 0..<patients {
            for lesion in 1...(1 + patient * 7 % 3) {
                let id = Example.lesionID(patient: "sub-\(patient)", label: lesion)
                examples.append(
                    Example(
                        id: id, patient: "sub-\(patient)", group: id, outcome: outcomes[patient % 4],
                        source: .lesion(series: [:], mask: root, label: lesion)))
            }
        }
        return Dataset(kind: .brainMetastasis, root: root, examples: examples)
    }

    @Test func patientsStayInOneCohort() throws {
        let dataset = Self.dataset(patients: 60)
        let split = try Splitter(seed: 3).split(dataset)
        #expect(split.assignment.count == dataset.examples.count)
        #expect(split.overlaps(in: dataset).allSatisfy { $0.patients.isEmpty && $0.groups.isEmpty })
    }

    @Test(arguments: [SplitUnit.patient, .group, .image])
    func everyCohortHasItsShareOfEachOutcome(_ unit: SplitUnit) throws {
        let dataset = Self.dataset(patients: 120)
        let fractions: [Cohort: Double] = [.training: 0.5, .testing: 0.3, .independent: 0.2]
        let split = try Splitter(unit: unit, seed: 11, fractions: fractions).split(dataset)
        for outcome in Outcome.all(of: .brainMetastasis) {
            let all = Double(dataset.examples.count { $0.outcome == outcome })
            for cohort in Cohort.allCases {
                let found = Double(dataset.examples(in: cohort, of: split).count { $0.outcome == outcome })
                // Whole patients have up to three lesions.
                #expect(abs(found - all * (fractions[cohort] ?? 0)) <= 3)
            }
        }
    }

    @Test func splitsByLesionLetPatientsIntoSeveralCohortsAndSayWhom() throws {
        let dataset = Self.dataset(patients: 60)
        let split = try Splitter(unit: .group, seed: 3).split(dataset)
        let overlaps = split.overlaps(in: dataset)
        let training = Set(dataset.examples(in: .training, of: split).map(\.patient))
        let testing = Set(dataset.examples(in: .testing, of: split).map(\.patient))
        #expect(!overlaps[0].patients.isEmpty)
        #expect(Set(overlaps[0].patients) == training.intersection(testing))
        #expect(overlaps[0].groups.isEmpty)
        #expect(
            split.summary(of: dataset).contains(
                "training and testing: \(overlaps[0].patients.count) patients in common"))
    }

    @Test func theSeedDecidesAndTheOrderOfRowsDoesNot() throws {
        let dataset = Self.dataset(patients: 40)
        let turned = Dataset(kind: dataset.kind, root: dataset.root, examples: dataset.examples.reversed())
        let split = try Splitter(seed: 5).split(dataset)
        #expect(try Splitter(seed: 5).split(turned) == split)
        #expect(try Splitter(seed: 6).split(dataset) != split)
    }

    @Test func splitsAreReadBackAsTheyWereWritten() throws {
        let dataset = Self.dataset(patients: 24)
        let split = try Splitter(seed: 5).split(dataset)
        let file = FileManager.default.temporaryDirectory.appending(path: "split-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try split.write(to: file)
        #expect(try Split(from: file, for: dataset) == split)
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        #expect(json["schema"] as? String == "oncorelay.split/1")
        #expect((json["fractions"] as? [String: Double])?["training"] == 0.6)
        #expect((json["assignment"] as? [String: String])?.count == dataset.examples.count)
    }

    @Test func aPatientInTwoCohortsIsRefusedByName() throws {
        let dataset = Self.dataset(patients: 24)
        var split = try Splitter(seed: 5).split(dataset)
        let moved = try #require(dataset.examples.first { $0.id == "sub-1_lesion-1" })
        let cohort = try #require(split.assignment[moved.id])
        split.assignment[moved.id] = cohort == .testing ? .training : .testing
        split.assignment["sub-99_lesion-1"] = .training
        split.assignment["sub-3_lesion-1"] = nil
        let error = #expect(throws: SplitError.self) { try split.check(against: dataset) }
        let text = try #require(error?.description)
        #expect(text.contains("these patients are in two cohorts: sub-1;"))
        #expect(text.contains("these are no examples of the dataset: sub-99_lesion-1"))
        #expect(text.contains("these examples have no cohort: sub-3_lesion-1"))
    }

    @Test func aLesionInTwoCohortsIsRefusedWhereLesionsAreTheUnit() throws {
        let examples = (0..<8).flatMap { node in
            Plane.allCases.map { plane in
                Example(
                    id: "\(node)-\(plane)", patient: "P\(node / 2)", group: "N\(node)",
                    outcome: node % 2 == 0 ? .positive : .negative,
                    source: .cutout(image: URL(filePath: "/nowhere"), plane: plane))
            }
        }
        let dataset = Dataset(kind: .lymphNode, root: URL(filePath: "/nowhere"), examples: examples)
        let fractions: [Cohort: Double] = [.training: 0.5, .testing: 0.5]
        var split = try Splitter(unit: .group, fractions: fractions).split(dataset)
        try split.check(against: dataset)
        split.assignment["0-axial"] = split.assignment["0-axial"] == .testing ? .training : .testing
        let error = #expect(throws: SplitError.self) { try split.check(against: dataset) }
        #expect(error?.description.contains("lesions or nodes are in two cohorts: N0") == true)
        split.unit = .image
        try split.check(against: dataset)
    }

    @Test(arguments: [
        [Cohort.training: 0.5, .testing: 0.2, .independent: 0.2], [.training: 1.2, .testing: -0.2],
        [.testing: 1], [.training: .nan, .testing: 1],
    ])
    func sharesMustAddUpToOne(_ fractions: [Cohort: Double]) {
        #expect(throws: SplitError.self) { try Splitter(fractions: fractions).split(Self.dataset(patients: 24)) }
    }

    @Test func cohortsWithoutAnOutcomeAreRefused() {
        let error = #expect(throws: SplitError.self) { try Splitter().split(Self.dataset(patients: 4)) }
        #expect(error?.description.contains("cohort would have no") == true)
        #expect(throws: SplitError.self) { try Splitter().split(Self.dataset(patients: 2)) }
    }

    @Test(arguments: [
        ("{", "no JSON"), (#"{"schema": "oncorelay.split/1", "unit": "patient", "seed": 1}"#, "no 'fractions'"),
        (
            #"{"schema": "x", "unit": "patient", "seed": 1, "fractions": {}, "assignment": {}}"#,
            "expected schema oncorelay.split/1, found 'x'"
        ),
        (
            #"{"schema": "oncorelay.split/1", "unit": "house", "seed": 1, "fractions": {}, "assignment": {}}"#,
            "'unit' of an unknown value"
        ),
    ])
    func filesThatAreNoSplitAreRefused(_ text: String, _ reason: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "split-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(text.utf8).write(to: file)
        let error = #expect(throws: SplitError.self) { try Split(from: file, for: Self.dataset(patients: 4)) }
        #expect(error?.description.contains(reason) == true)
    }
}

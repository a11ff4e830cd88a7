import Contracts
import Testing

@testable import Aggregation

struct RunStateTests {
    private let regions = ["a", "b"]

    private func plannedState() throws -> RunState {
        var state = Sample.state()
        _ = try state.planned(Sample.planned("run", regions), now: 1001)
        return state
    }

    @Test func admissionSendsTheStudyOnAndSaysSo() {
        let admission = Admission(study: Sample.ingested("run"), revision: 1, admittedAt: 1000, priority: .urgent)
        let (state, effects) = RunState.admit(admission)
        #expect(effects == [.admit(recovery: 0), .accept, .progress(.ingestion, region: nil)])
        #expect(state.isOpen)
        #expect(admission.deadline == 1900)
    }

    @Test func theLastRegionEndsTheRun() throws {
        var state = try plannedState()
        #expect(
            try state.classified(Sample.classified("run", "a"), now: 1002) == [.progress(.brainMetastasis, region: "a")]
        )
        #expect(!state.isComplete)
        #expect(state.missingRegions.map(\.id) == ["b"])
        let effects = try state.classified(Sample.classified("run", "b"), now: 1003.5)
        let result = try #require(effects.results.first)
        #expect(result.status == .final)
        #expect(result.regions.map(\.id) == ["a", "b"])
        #expect(result.patient.origin == "sclc")
        #expect(result.timing == ["ingestion": 3, "preprocessing": 5, "brain-metastasis": 14, "total": 3500])
        #expect(result.models.count == 1)
        #expect(result.regions[0].inputs == ["T1": Sample.digest])
        #expect(result.errors.isEmpty)
        #expect(effects.deletedKeys == ["run:series:0", "run:mask", "run:a:patch", "run:b:patch"])
        #expect(state.phase == .final)
    }

    @Test func regionsThatComeBeforeThePlanCount() throws {
        var state = Sample.state()
        _ = try state.classified(Sample.classified("run", "b"), now: 1001)
        _ = try state.classified(Sample.classified("run", "a"), now: 1001)
        #expect(state.isOpen)
        #expect(try state.planned(Sample.planned("run", regions), now: 1002).results.first?.status == .final)
    }

    @Test func aRepeatedRegionChangesNothing() throws {
        var state = try plannedState()
        _ = try state.classified(Sample.classified("run", "a"), now: 1002)
        let before = state
        #expect(try state.classified(Sample.classified("run", "a", label: "bc"), now: 1003) == [])
        #expect(state == before)
    }

    @Test func anAbstainingNodeMakesTheResultPartial() throws {
        var state = try plannedState()
        _ = try state.classified(Sample.classified("run", "a"), now: 1002)
        let abstention = Abstention(code: .missingSequence, reason: "DWI is absent")
        let effects = try state.classified(
            Sample.classified("run", "b", label: "indeterminate", abstained: abstention), now: 1003)
        #expect(effects.results.first?.status == .partial)
        #expect(effects.results.first?.regions[1].abstained == abstention)
    }

    @Test func aDuplicateUnderWayIsAcceptedAgainAndItsCopiesAreDeletedOnlyIfTheyLieElsewhere() throws {
        let state = try plannedState()
        #expect(state.ingestedAgain(Sample.ingested("run")) == [.acceptAgain])
        var copy = Sample.ingested("run")
        copy.series[0].tensor.key = "elsewhere"
        #expect(state.ingestedAgain(copy) == [.acceptAgain, .delete(["elsewhere"])])
    }

    @Test func aDuplicateOfAnEndedRunIsAnnouncedAgainAndItsTensorsAreDeleted() throws {
        var state = try plannedState()
        for region in regions { _ = try state.classified(Sample.classified("run", region), now: 1002) }
        #expect(
            state.ingestedAgain(Sample.ingested("run")) == [
                .acceptAgain, .announceAgain, .delete(["run:series:0", "run:mask"]),
            ])
    }

    @Test func anotherTasksPartsAreRefused() throws {
        var state = Sample.state()
        #expect(throws: Failure.self) { try state.planned(Sample.planned("run", ["a"], task: .lymphNode), now: 1) }
        #expect(throws: Failure.self) {
            try state.classified(Sample.classified("run", "a", task: .lymphNode), now: 1)
        }
    }

    @Test func anEmptyPlanFailsTheRun() throws {
        var state = Sample.state()
        let effects = try state.planned(Sample.planned("run", []), now: 1001)
        guard case .announce(.failed(let document))? = effects.first(where: { $0.isAnnouncement }) else {
            Issue.record("expected result.failed")
            return
        }
        #expect(document.error.code == .regionsMissing)
    }

    @Test func rejectionEndsAnAdmittedRun() throws {
        var state = Sample.state()
        let effects = state.rejected(Sample.rejected("run"), now: 1001)
        guard case .announce(.rejected(let document))? = effects.first else {
            Issue.record("expected result.rejected")
            return
        }
        #expect(document.error.code == .maskEmpty)
        #expect(document.subject.site == "north")
        #expect(effects.deletedKeys == ["run:series:0", "run:mask"])
        #expect(state.rejected(Sample.rejected("run"), now: 1002).announcements.isEmpty)
        #expect(
            try state.planned(Sample.planned("run", regions), now: 1003).deletedKeys == ["run:a:patch", "run:b:patch"])
        #expect(try state.classified(Sample.classified("run", "a"), now: 1003).announcements.isEmpty)
    }

    @Test func whereEachImageIsARegionItsInputIsThatImageAlone() throws {
        var study = Sample.ingested("run", task: .lymphNode)
        study.regions = IngestedRegions(wholeImages: true)
        var second = study.series[0]
        second.sha256 = String(repeating: "b", count: 64)
        study.series.append(second)
        var state = RunState(Admission(study: study, revision: 1, admittedAt: 0, priority: .routine))
        _ = try state.planned(Sample.planned("run", regions, task: .lymphNode), now: 1)
        let positive = ["positive": 0.9, "negative": 0.1]
        _ = try state.classified(
            Sample.classified("run", "a", probabilities: positive, label: "positive", task: .lymphNode), now: 1)
        let effects = try state.classified(
            Sample.classified("run", "b", probabilities: positive, label: "positive", task: .lymphNode), now: 1)
        let result = try #require(effects.results.first)
        #expect(result.regions.map { $0.inputs["T1"] } == [Sample.digest, second.sha256])
        #expect(result.patient.status == "positive")
    }

    @Test func aRunSurvivesBeingEncoded() throws {
        var state = try plannedState()
        _ = try state.classified(Sample.classified("run", "a"), now: 1002)
        _ = state.lost(Sample.lost("run", "b"), now: 1003)
        #expect(try EventCoding.decode(RunState.self, from: EventCoding.encode(state)) == state)
    }
}

extension RunEffect {
    var isAnnouncement: Bool { if case .announce = self { true } else { false } }
}

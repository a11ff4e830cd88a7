import Contracts
import Testing

@testable import Aggregation

/// Deadlines, lost tensors, parked deliveries, late parts.
struct RunStateTroubleTests {
    private func plannedState(_ regions: [String] = ["a", "b"]) throws -> RunState {
        var state = Sample.state()
        _ = try state.planned(Sample.planned("run", regions), now: 1001)
        return state
    }

    @Test func theDeadlineEndsTheRunWithWhatIsThereAndNamesWhatIsMissing() throws {
        var state = try plannedState()
        _ = try state.classified(Sample.classified("run", "a"), now: 1002)
        let result = try #require(state.deadlineReached(now: 1900).results.first)
        #expect(result.status == .partial)
        #expect(result.errors.map(\.code) == [.deadlineExceeded])
        #expect(result.errors[0].message.contains("region b"))
        #expect(result.errors[0].stage == "brain-metastasis")
        #expect(result.regions[1].abstained?.code == .deadlineExceeded)
        #expect(state.deadlineReached(now: 2000).isEmpty)
    }

    @Test func aDeadlineWithNothingClassifiedFailsTheRun() throws {
        var planned = try plannedState()
        var unplanned = Sample.state()
        for (effects, stage) in [
            (planned.deadlineReached(now: 1900), "brain-metastasis"),
            (unplanned.deadlineReached(now: 1900), "preprocessing"),
        ] {
            guard case .announce(.failed(let document))? = effects.first else {
                Issue.record("expected result.failed")
                continue
            }
            #expect(document.error.code == .deadlineExceeded)
            #expect(document.error.stage == stage)
            #expect(effects.deletedKeys.contains("run:series:0"))
        }
    }

    @Test func aLatePartAmendsAPartialResult() throws {
        var state = try plannedState()
        _ = try state.classified(Sample.classified("run", "a"), now: 1002)
        _ = state.deadlineReached(now: 1900)
        let effects = try state.classified(Sample.classified("run", "b"), now: 2000)
        guard case .announce(.result(let result, 1))? = effects.first else {
            Issue.record("expected the first amendment")
            return
        }
        #expect(result.status == .final)
        #expect(result.errors.isEmpty)
        #expect(effects.deletedKeys.contains("run:b:patch"))
        #expect(state.phase == .final)
    }

    @Test func latePartsAmendAFailedResultOneByOne() throws {
        var state = Sample.state()
        _ = state.deadlineReached(now: 1900)
        #expect(try state.classified(Sample.classified("run", "b"), now: 1901).announcements.isEmpty)
        let first = try state.planned(Sample.planned("run", ["a", "b"]), now: 1902)
        #expect(first.results.map(\.status) == [.partial])
        let second = try state.classified(Sample.classified("run", "a"), now: 1903)
        #expect(second.results.map(\.status) == [.final])
        #expect(state.amendments == 2)
    }

    @Test func lossesOfOneRestartAskForOneRecovery() throws {
        var state = try plannedState(["a", "b", "c"])
        #expect(state.lost(Sample.lost("run", "a"), now: 1002) == [.admit(recovery: 1)])
        #expect(state.lost(Sample.lost("run", "b"), now: 1002) == [])
        #expect(state.lost(Sample.lost("run", "c"), now: 1002) == [])
        #expect(state.lost(Sample.lost("run", "b"), now: 1003) == [.admit(recovery: 2)])
    }

    @Test func aLossOfAClassifiedRegionIsNothing() throws {
        var state = try plannedState()
        _ = try state.classified(Sample.classified("run", "a"), now: 1002)
        #expect(state.lost(Sample.lost("run", "a"), now: 1003) == [])
        #expect(state.recoveries == 0)
    }

    @Test func afterThreeRecoveriesALostRegionIsGivenUp() throws {
        var state = try plannedState()
        _ = try state.classified(Sample.classified("run", "a"), now: 1002)
        for recovery in 1...3 {
            #expect(state.lost(Sample.lost("run", "b"), now: 1003) == [.admit(recovery: recovery)])
            #expect(try state.planned(Sample.planned("run", ["a", "b"]), now: 1004) == [])
        }
        let result = try #require(state.lost(Sample.lost("run", "b"), now: 1005).results.first)
        #expect(result.status == .partial)
        #expect(result.errors.map(\.code) == [.tensorExpired])
    }

    @Test func aRecoveryMayPutTensorsElsewhereAndAllAreDeletedAtTheEnd() throws {
        var state = try plannedState()
        _ = try state.planned(Sample.planned("run", ["a", "b"], suffix: "-2"), now: 1002)
        _ = try state.classified(Sample.classified("run", "a"), now: 1002)
        let effects = try state.classified(Sample.classified("run", "b"), now: 1003)
        #expect(effects.deletedKeys.isSuperset(of: ["run:a:patch", "run:a:patch-2", "run:b:patch", "run:b:patch-2"]))
    }

    @Test func aLossAfterAPartialEndIsMadeAgainAndAmends() throws {
        var state = try plannedState()
        _ = try state.classified(Sample.classified("run", "a"), now: 1002)
        _ = state.deadlineReached(now: 1900)
        #expect(state.lost(Sample.lost("run", "b"), now: 2000) == [.admit(recovery: 1)])
        #expect(try state.planned(Sample.planned("run", ["a", "b"]), now: 2001).deletedKeys.isEmpty)
        #expect(try state.classified(Sample.classified("run", "b"), now: 2002).results.map(\.status) == [.final])
    }

    @Test func aParkedRegionCountsAsFailedUntilItComesAfterAll() throws {
        var state = try plannedState()
        #expect(state.parked(Sample.parked("run", "b"), now: 1002).announcements.isEmpty)
        #expect(state.isParked)
        let partial = try state.classified(Sample.classified("run", "a"), now: 1003)
        #expect(partial.results.map(\.status) == [.partial])
        #expect(partial.results.first?.errors.map(\.code) == [.workerCrashed])
        let amended = try state.classified(Sample.classified("run", "b"), now: 5000)
        #expect(amended.results.map(\.status) == [.final])
        #expect(!state.isParked)
    }

    @Test func aParkedStudyFailsAndItsReplayAmends() throws {
        var state = Sample.state()
        let effects = state.parked(Sample.parked("run", nil, stage: .preprocessing), now: 1002)
        guard case .announce(.failed(let document))? = effects.first else {
            Issue.record("expected result.failed")
            return
        }
        #expect(document.error.code == .workerCrashed)
        #expect(document.error.stage == "preprocessing")
        #expect(state.isParked)
        #expect(try state.planned(Sample.planned("run", ["a"]), now: 2000).announcements.isEmpty)
        #expect(!state.isParked)
        #expect(try state.classified(Sample.classified("run", "a"), now: 2001).results.map(\.status) == [.final])
    }

    @Test func aParkedRecoveryConcernsTheLostRegionsAlone() throws {
        var state = try plannedState(["a", "b", "c"])
        _ = state.lost(Sample.lost("run", "a"), now: 1002)
        #expect(state.parked(Sample.parked("run", nil, stage: .preprocessing), now: 1003).announcements.isEmpty)
        _ = try state.classified(Sample.classified("run", "b"), now: 1004)
        let result = try #require(try state.classified(Sample.classified("run", "c"), now: 1005).results.first)
        #expect(result.status == .partial)
        #expect(result.errors.map(\.code) == [.workerCrashed])
    }

    @Test func aRejectedRecoveryKeepsWhatIsClassified() throws {
        var state = try plannedState()
        _ = try state.classified(Sample.classified("run", "a"), now: 1002)
        _ = state.lost(Sample.lost("run", "b"), now: 1003)
        let effects = state.rejected(Sample.rejected("run", .fileMissing), now: 1004)
        #expect(effects.results.map(\.status) == [.partial])
        #expect(effects.results.first?.errors.map(\.code) == [.fileMissing])
    }

    @Test func allRegionsParkedFailTheRun() throws {
        var state = try plannedState()
        _ = state.parked(Sample.parked("run", "a"), now: 1002)
        let effects = state.parked(Sample.parked("run", "b"), now: 1003)
        #expect(effects.announcements.count == 1)
        #expect(state.phase == .failed)
    }

    @Test func aParkedSubmissionOfTheSameStudyDoesNotEndTheRunUnderWay() throws {
        var state = try plannedState()
        #expect(state.parked(Sample.parked("run", nil, stage: .ingestion), now: 1002).announcements.isEmpty)
        #expect(state.isOpen)
    }

    @Test func regionsThatThePlanDoesNotNameAreLeftOut() throws {
        var state = try plannedState(["a"])
        #expect(try state.classified(Sample.classified("run", "x"), now: 1002).announcements.isEmpty)
        #expect(state.lost(Sample.lost("run", "x"), now: 1002).allSatisfy { $0 != .admit(recovery: 1) })
        let result = try #require(try state.classified(Sample.classified("run", "a"), now: 1003).results.first)
        #expect(result.status == .final)
        #expect(result.regions.map(\.id) == ["a"])
    }

    @Test func tensorsMadeAgainForNothingAreDeleted() throws {
        var state = try plannedState(["a"])
        _ = try state.classified(Sample.classified("run", "a"), now: 1002)
        #expect(try state.planned(Sample.planned("run", ["a"]), now: 1003) == [.delete(["run:a:patch"])])
        #expect(try state.classified(Sample.classified("run", "a"), now: 1003) == [.delete(["run:a:patch"])])
    }
}

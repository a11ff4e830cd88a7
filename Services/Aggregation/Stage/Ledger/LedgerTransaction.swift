import Contracts
internal import GRDB
import Logging
import ServiceRuntime

/// One transaction in the making: commands are applied one after the other, each seeing what those before it did.
///
/// Nothing of it counts until the database has committed. A command that throws a ``Failure`` has written nothing;
/// after a database error the whole transaction is void.
struct LedgerTransaction {
    private let database: Database
    private let isProgressWanted: Bool
    private var nextOutbox: Int64
    private var nextCleanup: Int64

    /// Runs as they stand after this transaction; nil for those that need no memory.
    private(set) var touched: [String: LedgerEntry?] = [:]
    private(set) var outbox: [OutboxRow] = []
    private(set) var cleanup: [CleanupRow] = []
    private(set) var progress: [OutgoingEvent] = []
    private(set) var results: [String] = []

    init(_ database: Database, isProgressWanted: Bool, nextOutbox: Int64, nextCleanup: Int64) {
        self.database = database
        self.isProgressWanted = isProgressWanted
        self.nextOutbox = nextOutbox
        self.nextCleanup = nextCleanup
    }

    /// Carries a command out; `cache` holds runs as they stood before this transaction.
    mutating func apply(_ command: LedgerCommand, cache: [String: LedgerEntry]) throws {
        let now = command.now
        switch command.action {
        case .event(let event, let notes, let spent):
            try apply(event, notes: notes, spent: spent, command, cache)
        case .expire:
            for run in try database.overdueRuns(now: now, limit: 200) {
                guard case .run(let entry) = try record(of: run, cache) else { continue }
                try change(entry, command, body: nil) { state throws(Failure) in state.deadlineReached(now: now) }
            }
        case .prune(let time):
            let count = try database.prune(endedBefore: time, limit: 200)
            if count > 0 { command.context.logger.info("forgot old runs", metadata: [LogKeys.count: "\(count)"]) }
        case .settle: break
        }
    }

    private mutating func apply(
        _ event: ReceivedEvent, notes: [Failure], spent: [String], _ command: LedgerCommand,
        _ cache: [String: LedgerEntry]
    ) throws {
        let now = command.now
        let record = try record(of: event.input.runID, cache)
        switch (event.input, record) {
        case (.ingested(let study), .run(let entry)):
            try change(entry, command, body: nil) { state throws(Failure) in state.ingestedAgain(study) }
        case (.ingested(let study), _):
            try admit(study, event.body, replacing: record, command)
        case (.rejected(let rejection), .run(let entry)):
            try change(entry, command, body: nil) { state throws(Failure) in state.rejected(rejection, now: now) }
        case (.rejected(let rejection), _):
            try reject(rejection, record, command)
        case (.planned(let plan), .run(let entry)):
            try change(entry, command, body: event.body) { state throws(Failure) in try state.planned(plan, now: now) }
        case (.classified(let part), .run(let entry)):
            try change(entry, command, body: event.body) { state throws(Failure) in
                try state.classified(part, notes: notes, now: now)
            }
            try schedule(deletionOf: spent)
        case (.lost(let loss), .run(let entry)):
            try change(entry, command, body: nil) { state throws(Failure) in state.lost(loss, now: now) }
        case (.parked(let parked), .run(let entry)):
            try change(entry, command, body: nil) { state throws(Failure) in state.parked(parked, now: now) }
        case (.parked(let parked), _):
            // Nothing waits for it, and a person sees it in the parking queue. It must not fail here, or its own
            // parking would be told here again.
            if record == nil {
                _ = try database.insertMention(parked.runID, phase: MentionPhase.parked, task: nil, now: now)
            }
            command.context.logger.warning("a delivery of an unknown run was parked")
        case (.planned, _), (.classified, _), (.lost, _):
            throw Failure(
                .internalError, .transient,
                "expected a run that the ledger admitted, found none of this id: its study.ingested is still on its "
                    + "way, or the ledger was replaced or has forgotten it; submit the study again",
                stage: StageName.aggregation.rawValue, attempts: command.context.attempt)
        }
    }

    private func record(of run: String, _ cache: [String: LedgerEntry]) throws -> LedgerRecord? {
        if let staged = touched[run], let staged { return .run(staged) }
        // A run that this transaction ended is no longer in the cache's spelling of it: the database has it.
        if touched[run] == nil, let known = cache[run] { return .run(known) }
        return try database.record(of: run)
    }

    private mutating func admit(
        _ study: StudyIngested, _ body: [UInt8], replacing record: LedgerRecord?, _ command: LedgerCommand
    ) throws {
        // A digest, so that the counter outlives the run without naming the study.
        let key = EventID.make(run: study.studyInstanceUID, event: "study", discriminator: study.task.rawValue)
        if case .mention(let row, _) = record { try database.deleteRun(row) }
        let (state, effects) = RunState.admit(
            Admission(
                study: study, revision: try database.nextRevision(of: key), admittedAt: command.now,
                priority: command.context.priority, traceparent: command.context.trace.traceparent))
        let entry = LedgerEntry(row: try database.insertRun(state, study: key), state: state)
        try database.writePart(.admission, of: entry.row, body: body)
        touched[study.runID] = entry
        try carryOut(effects, entry, command.context)
    }

    private mutating func reject(
        _ rejection: StudyRejected, _ record: LedgerRecord?, _ command: LedgerCommand
    ) throws {
        if case .mention(let row, MentionPhase.rejected) = record,
            let known = try database.result(of: row, runID: rejection.runID)
        {
            return try schedule(known)
        }
        let event = try command.context.rejectedEvent(rejection)
        if case .mention(let row, _) = record { try database.deleteRun(row) }
        let row = try database.insertMention(
            rejection.runID, phase: MentionPhase.rejected, task: rejection.task, now: command.now)
        try database.writeResult(event, of: row)
        try schedule(event)
        results.append(event.type)
    }

    /// Lets an event change a run, and writes what is different afterwards.
    private mutating func change(
        _ entry: LedgerEntry, _ command: LedgerCommand, body: [UInt8]?,
        _ event: (inout RunState) throws(Failure) -> [RunEffect]
    ) throws {
        var changed = entry
        let effects = try event(&changed.state)
        try write(changed, before: entry.state, body: body, command)
        // An ended run is rarely asked for again, and the database has it.
        touched[entry.state.runID] = .some(changed.state.isOpen ? changed : nil)
        try carryOut(effects, changed, command.context)
    }

    private func write(_ entry: LedgerEntry, before: RunState, body: [UInt8]?, _ command: LedgerCommand) throws {
        let state = entry.state
        if state.plan != before.plan, let plan = state.plan {
            let isAsItCame = before.plan == nil && body != nil
            try database.writePart(
                .plan, of: entry.row, body: isAsItCame ? body : try keptBody(plan, run: state.runID, command.context))
        }
        for (region, progress) in state.regions where before.regions[region] != progress {
            let isNew = progress.classified != nil && before.regions[region]?.classified == nil
            try database.writePart(
                .region, of: entry.row, region: region, body: isNew ? body : nil,
                trouble: progress.trouble.isEmpty ? nil : try EventCoding.encode(progress.trouble))
        }
        if state.studyFailure != before.studyFailure {
            if let failure = state.studyFailure {
                try database.writePart(.studyFailure, of: entry.row, body: try EventCoding.encode(failure))
            } else {
                try database.deletePart(.studyFailure, of: entry.row)
            }
        }
        if state.summary != before.summary {
            try database.updateRun(entry, endedAt: state.isOpen ? nil : command.now)
        }
    }

    private func keptBody(_ payload: some EventPayload, run: String, _ context: StageContext) throws -> [UInt8] {
        try context.pipelineEvent(payload, run: run).body
    }

    private mutating func carryOut(_ effects: [RunEffect], _ entry: LedgerEntry, _ context: StageContext) throws {
        let composer = EventComposer(state: entry.state, context: context)
        for effect in effects {
            switch effect {
            case .admit(let recovery): try schedule(try composer.admitted(recovery: recovery))
            case .accept: try schedule(try composer.accepted(again: false))
            case .acceptAgain: try schedule(try composer.accepted(again: true))
            case .announce(let announcement):
                let event = try composer.announcement(announcement)
                try database.writeResult(event, of: entry.row)
                try schedule(event)
                results.append(event.type)
            case .announceAgain:
                if let event = try database.result(of: entry.row, runID: entry.state.runID) { try schedule(event) }
            case .progress(let stage, let region):
                if isProgressWanted { progress.append(try composer.progress(stage, region: region)) }
            case .delete(let keys): try schedule(deletionOf: keys)
            case .ignored(let reason): context.logger.notice("event ignored: \(reason)")
            }
        }
    }

    private mutating func schedule(_ event: OutgoingEvent) throws {
        let row = OutboxRow(id: nextOutbox, event: event)
        try database.insertOutbox(row)
        nextOutbox += 1
        outbox.append(row)
    }

    private mutating func schedule(deletionOf keys: [String]) throws {
        guard !keys.isEmpty else { return }
        let row = CleanupRow(id: nextCleanup, keys: keys)
        try database.insertCleanup(row)
        nextCleanup += 1
        cleanup.append(row)
    }
}

extension RunState {
    /// What stands in the run's own row.
    fileprivate struct Summary: Equatable {
        var phase: RunPhase
        var expected: Int?
        var recoveries: Int
        var amendments: Int
        var isStudyParked: Bool
        var isParked: Bool
    }

    fileprivate var summary: Summary {
        Summary(
            phase: phase, expected: expectedCount, recoveries: recoveries, amendments: amendments,
            isStudyParked: isStudyParked, isParked: isParked)
    }
}

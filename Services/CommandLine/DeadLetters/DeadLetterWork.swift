import Contracts
import Messaging

/// Which parked messages a command means.
struct ParkedSelection: Sendable, Equatable {
    /// nil for all.
    var messageIDs: Set<String>?
    var limit: Int?

    func contains(_ delivery: Delivery) -> Bool {
        guard let messageIDs else { return true }
        return delivery.properties.messageID.map(messageIDs.contains) ?? false
    }
}

/// What the dead-letter commands do, apart from printing.
struct DeadLetterWork: Sendable {
    let broker: any Broker
    let source: ParkingSource?
    /// Seconds since 1970.
    var now: @Sendable () -> Int64 = { EventTime.secondsSince1970() }

    /// Describes what lies parked.
    func list(limit: Int?) async throws -> [ParkedMessage] {
        var found: [ParkedMessage] = []
        try await ParkingQueues(broker: broker, source).walk { delivery, index, _ in
            found.append(ParkedMessage(delivery, index: index, now: now()))
            return .init(isLast: found.count == limit)
        }
        return found
    }

    /// The messages with an id; more than one where the same message was parked twice.
    func find(_ messageID: String) async throws -> [(message: ParkedMessage, delivery: Delivery)] {
        var found: [(ParkedMessage, Delivery)] = []
        try await ParkingQueues(broker: broker, source).walk { delivery, index, _ in
            if delivery.properties.messageID == messageID {
                found.append((ParkedMessage(delivery, index: index, now: now()), delivery))
            }
            return .init()
        }
        return found
    }

    /// Brings messages back to the queues that they came from. A parked message is taken away only after the broker
    /// has confirmed the one that goes back; one that cannot go back stays.
    ///
    /// - Parameters:
    ///   - selection: Which.
    ///   - queue: A queue to bring them to, in place of the one each came from.
    ///   - isRehearsal: Only says what would be done.
    /// - Returns: What went back, what stayed and why, and which ids nothing has.
    /// - Throws: `BrokerError`, `PublishError` where the broker went away; what was replayed so far stays replayed.
    func replay(_ selection: ParkedSelection, to queue: String? = nil, isRehearsal: Bool = false) async throws
        -> Replayed
    {
        var report = Replayed(dryRun: isRehearsal)
        var missing = selection.messageIDs ?? []
        let publisher = isRehearsal ? nil : try await broker.makePublisher()
        do {
            try await ParkingQueues(broker: broker, source).walk { delivery, _, administrator in
                guard selection.contains(delivery) else { return .init() }
                let messageID = delivery.properties.messageID
                if let messageID { missing.remove(messageID) }
                var isTaken = false
                do {
                    let publication = try ReplayRules.publication(of: delivery, to: queue, now: now())
                    let destination = try ReplayRules.destination(of: delivery, to: queue)
                    if let publisher {
                        try await publisher.publish(publication)
                        try await administrator.acknowledge(delivery)
                        isTaken = true
                    }
                    report.replayed.append(
                        .init(messageID: messageID, from: delivery.queue, to: destination.description))
                } catch let refusal as ReplayRules.Refusal {
                    report.failed.append(.init(messageID: messageID, queue: delivery.queue, reason: refusal.reason))
                } catch let error as PublishError where !error.isTransient {
                    let reason = error.failures.first?.reason.description ?? error.description
                    report.failed.append(.init(messageID: messageID, queue: delivery.queue, reason: reason))
                }
                return .init(isTaken: isTaken, isLast: report.count == selection.limit)
            }
            await publisher?.close()
        } catch {
            await publisher?.close()
            throw error
        }
        report.notFound = missing.sorted()
        return report
    }

    /// Takes messages away for good.
    func drop(_ selection: ParkedSelection) async throws -> Dropped {
        var report = Dropped()
        var missing = selection.messageIDs ?? []
        try await ParkingQueues(broker: broker, source).walk { delivery, _, administrator in
            guard selection.contains(delivery) else { return .init() }
            let messageID = delivery.properties.messageID
            if let messageID { missing.remove(messageID) }
            try await administrator.acknowledge(delivery)
            report.dropped.append(.init(messageID: messageID, queue: delivery.queue))
            return .init(isTaken: true, isLast: report.dropped.count == selection.limit)
        }
        report.notFound = missing.sorted()
        return report
    }
}

/// What a replay did.
struct Replayed: Encodable, Sendable, Equatable {
    struct Item: Encodable, Sendable, Equatable {
        var messageID: String?
        var from: String
        var to: String
    }

    struct Failed: Encodable, Sendable, Equatable {
        var messageID: String?
        var queue: String
        var reason: String
    }

    var replayed: [Item] = []
    var failed: [Failed] = []
    var notFound: [String] = []
    var dryRun: Bool

    var count: Int { replayed.count + failed.count }
    var status: ExitStatus { failed.isEmpty && notFound.isEmpty ? .success : .findings }

    /// The same for a person.
    var lines: [String] {
        replayed.map { "\(dryRun ? "would replay" : "replayed") \($0.messageID ?? "a message without id") to \($0.to)" }
            + failed.map { "oncorelay: \($0.messageID ?? "a message without id") stays in \($0.queue): \($0.reason)" }
            + notFound.map { "oncorelay: no parked message has the id \(TextTable.printable($0))" }
    }
}

/// What a drop did.
struct Dropped: Encodable, Sendable, Equatable {
    struct Item: Encodable, Sendable, Equatable {
        var messageID: String?
        var queue: String
    }

    var dropped: [Item] = []
    var notFound: [String] = []

    var status: ExitStatus { notFound.isEmpty ? .success : .findings }

    /// The same for a person.
    var lines: [String] {
        dropped.map { "dropped \($0.messageID ?? "a message without id") from \($0.queue)" }
            + notFound.map { "oncorelay: no parked message has the id \(TextTable.printable($0))" }
    }
}

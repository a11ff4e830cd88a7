#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Faults made on purpose, so that tests can show what survives them. Off unless `ONCORELAY_FAULTS` asks.
///
/// The value is a comma-separated list of `point:action[:run or study]`: for example
/// `before-acknowledge:crash`, `before-process:crash:1.2.3` or `receive:acknowledge-early`.
package struct FaultInjection: Sendable, Equatable {
    /// Where in a delivery's handling the fault strikes.
    package enum Point: String, Sendable, CaseIterable {
        case receive
        case beforeProcess = "before-process"
        case afterProcess = "after-process"
        case afterPublish = "after-publish"
    }

    /// What happens there.
    package enum Action: String, Sendable, CaseIterable {
        /// The process ends at once, as by kill -9.
        case crash
        /// Acknowledges before the work is done: the negative control, which loses studies when a worker dies.
        case acknowledgeEarly = "acknowledge-early"
    }

    private struct Rule: Sendable, Equatable {
        var point: Point
        var action: Action
        /// Only deliveries whose body holds this text; any delivery when nil.
        var marker: [UInt8]?
    }

    private let rules: [Rule]

    package static let none = FaultInjection(rules: [])

    private init(rules: [Rule]) { self.rules = rules }

    /// - Throws: ``SettingsError`` where the text is not such a list.
    package init(_ text: String) throws(SettingsError) {
        var rules: [Rule] = []
        for part in text.split(separator: ",") {
            let words = part.split(separator: ":", maxSplits: 2).map(String.init)
            guard words.count >= 2, let point = Point(rawValue: words[0]), let action = Action(rawValue: words[1])
            else {
                throw SettingsError(
                    key: SettingsKey.faults.name,
                    expected: "point:action[:marker] with point one of "
                        + Point.allCases.map(\.rawValue).joined(separator: ", ") + " and action one of "
                        + Action.allCases.map(\.rawValue).joined(separator: ", "), found: String(part))
            }
            rules.append(Rule(point: point, action: action, marker: words.count > 2 ? Array(words[2].utf8) : nil))
        }
        self.rules = rules
    }

    package var isActive: Bool { !rules.isEmpty }

    /// Ends the process when a rule says so.
    package func strike(at point: Point, body: [UInt8]) {
        if matches(point, .crash, body) { kill(getpid(), SIGKILL) }
    }

    /// Whether this delivery is to be acknowledged before its work is done.
    package func acknowledgesEarly(_ body: [UInt8]) -> Bool { matches(.receive, .acknowledgeEarly, body) }

    private func matches(_ point: Point, _ action: Action, _ body: [UInt8]) -> Bool {
        rules.contains { rule in
            rule.point == point && rule.action == action && (rule.marker.map { Self.contains(body, $0) } ?? true)
        }
    }

    private static func contains(_ body: [UInt8], _ marker: [UInt8]) -> Bool {
        guard !marker.isEmpty, body.count >= marker.count else { return false }
        return (0...(body.count - marker.count)).contains { body[$0..<($0 + marker.count)].elementsEqual(marker) }
    }
}

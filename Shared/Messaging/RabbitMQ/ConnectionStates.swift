internal import Synchronization

/// The states of all connections of one broker object; the worst of them is what readiness asks for.
final class ConnectionStates: Sendable {
    private let states = Mutex<[UInt64: BrokerState]>([:])

    func set(_ state: BrokerState?, for identifier: UInt64) {
        states.withLock { $0[identifier] = state }
    }

    var worst: BrokerState {
        states.withLock { states in
            if states.isEmpty { return .disconnected(reason: "no connection is open yet") }
            var blocked: BrokerState?
            for state in states.values {
                switch state {
                case .disconnected: return state
                case .blocked: blocked = state
                case .connected: continue
                }
            }
            return blocked ?? .connected
        }
    }

    private static let lastIdentifier = Atomic<UInt64>(0)

    /// A number that no other connection of this process has.
    static func makeIdentifier() -> UInt64 {
        lastIdentifier.wrappingAdd(1, ordering: .relaxed).newValue
    }
}

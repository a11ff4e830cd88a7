/// Which deliveries of one channel are not settled yet, so that acknowledgements can be written as few as possible.
///
/// Delivery numbers count up from 1 on each channel. One basic.ack with `multiple` settles everything up to its
/// number, so it stands for a run of acknowledgements only where nothing before it is still in hand.
struct Settlement {
    private enum State { case inHand, acknowledged, settled }

    private var states = FIFO<State>()
    private var firstNumber: UInt64 = 1
    /// Acknowledged, but not yet written.
    private var due: [UInt64] = []

    var isAnythingDue: Bool { !due.isEmpty }

    mutating func delivered(_ number: UInt64) {
        while firstNumber + UInt64(states.count) < number { states.append(.settled) }
        states.append(.inHand)
    }

    /// - Returns: Whether the delivery was in hand; settling it twice would make the broker close the channel.
    mutating func acknowledge(_ number: UInt64) -> Bool {
        guard mark(number, .acknowledged) else { return false }
        due.append(number)
        return true
    }

    /// For what is rejected, and thus written at once.
    mutating func settle(_ number: UInt64) -> Bool { mark(number, .settled) }

    private mutating func mark(_ number: UInt64, _ state: State) -> Bool {
        guard number >= firstNumber, number - firstNumber < UInt64(states.count) else { return false }
        let offset = Int(number - firstNumber)
        guard states[offset] == .inHand else { return false }
        states[offset] = state
        return true
    }

    /// The basic.ack frames that stand for all acknowledgements that are due.
    mutating func takeDue() -> [(number: UInt64, multiple: Bool)] {
        if due.isEmpty { return [] }
        var frames: [(number: UInt64, multiple: Bool)] = []
        var last: UInt64 = 0
        var count = 0
        while let state = states.first, state != .inHand {
            if state == .acknowledged {
                last = firstNumber
                count += 1
            }
            _ = states.popFirst()
            firstNumber += 1
        }
        if count > 0 { frames.append((last, count > 1)) }
        for number in due where number >= firstNumber {
            states[Int(number - firstNumber)] = .settled
            frames.append((number, false))
        }
        due.removeAll(keepingCapacity: true)
        return frames
    }
}

internal import CRabbitMQ
internal import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An event file descriptor with which other threads wake one that waits in poll(2).
final class Wakeup: Sendable {
    let descriptor: Int32

    init() {
        // The flags of eventfd(2) have the values of open(2)'s.
        descriptor = eventfd(0, O_NONBLOCK | O_CLOEXEC)
        precondition(descriptor >= 0, "no file descriptor is left for an event: raise 'ulimit -n'")
    }

    deinit { close(descriptor) }

    func signal() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    func clear() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }
}

/// What tasks want of a connection's thread, in order. The thread is woken only when it sleeps.
final class Mailbox<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        var isSleeping = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wakeup = Wakeup()

    var descriptor: Int32 { wakeup.descriptor }

    /// - Returns: false if nobody takes messages any more.
    @discardableResult
    func send(_ message: Message) -> Bool {
        let (isTaken, mustWake) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.messages.append(message)
            defer { state.isSleeping = false }
            return (true, state.isSleeping)
        }
        if mustWake { wakeup.signal() }
        return isTaken
    }

    /// Takes all messages, leaving an empty list that keeps `scratch`'s memory.
    func drain(into scratch: inout [Message]) {
        scratch.removeAll(keepingCapacity: true)
        state.withLock { swap(&$0.messages, &scratch) }
    }

    /// To be called before waiting: false if there are messages to be taken first.
    func prepareToSleep() -> Bool {
        state.withLock { state in
            state.isSleeping = state.messages.isEmpty
            return state.isSleeping
        }
    }

    func awoke(bySignal: Bool) {
        if bySignal { wakeup.clear() }
        state.withLock { $0.isSleeping = false }
    }

    /// Takes no more messages and returns those that were left.
    func close() -> [Message] {
        state.withLock { state in
            state.isClosed = true
            defer { state.messages = [] }
            return state.messages
        }
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The life of one connection on a thread of its own: connect, take what tasks want from the mailbox, write, read,
/// keep the heartbeat going, and connect anew when the connection is lost, for as long as it is not closed.
///
/// Publisher, consumer and administrator say in overridden methods what they do at each step. An instance is made on
/// its thread and never leaves it. While nothing is to be done the thread sleeps in poll(2).
class ConnectionLoop<Message: Sendable> {
    let configuration: BrokerConfiguration
    private let mailbox: Mailbox<Message>
    private let states: ConnectionStates
    private let identifier = ConnectionStates.makeIdentifier()
    private let role: String
    private var backoff: Backoff
    private var nextAttempt = Instant.now
    private var messages: [Message] = []
    private(set) var connection: AMQPConnection?
    /// Why there is no connection at the moment.
    private(set) var lastProblem: BrokerError = .connectionLost("not connected yet")
    /// Set by a subclass to end the loop after what is due has been written.
    var isClosing = false

    init(
        _ configuration: BrokerConfiguration, role: String, mailbox: Mailbox<Message>, states: ConnectionStates
    ) {
        self.configuration = configuration
        self.mailbox = mailbox
        self.states = states
        self.role = role
        backoff = Backoff(configuration)
    }

    // MARK: - What subclasses do

    /// Makes a new connection ready: confirms, prefetch, consumers.
    func prepare(_ connection: AMQPConnection) throws(BrokerError) {}

    /// Takes what a task wants. The connection may be absent.
    func receive(_ message: Message) {}

    /// Writes what is due.
    func write(to connection: AMQPConnection) throws(BrokerError) {}

    func handle(_ event: AMQPEvent, _ connection: AMQPConnection) throws(BrokerError) {}

    /// All events that were here have been handled.
    func finishReading() {}

    func disconnected(_ reason: BrokerError) {}

    /// When `deadlinePassed()` is to be called next.
    var deadline: Instant? { nil }

    func deadlinePassed() {}

    /// Whether something waits for the socket to take more bytes.
    var wantsToWrite: Bool { false }

    /// The loop has ended; nothing that still waits will come to pass.
    func finish(_ leftOver: [Message]) {}

    // MARK: - The loop

    /// Connects for the first time, calls `started`, and goes on until closed.
    func run(started: (Result<Void, BrokerError>) -> Void) {
        if let problem = connectFirst() {
            states.set(nil, for: identifier)
            started(.failure(problem))
        } else {
            started(.success(()))
            while !isClosing { turn() }
            states.set(nil, for: identifier)
            if let connection {
                try? write(to: connection)
                connection.close()
            }
            connection = nil
        }
        finish(mailbox.close())
    }

    private func connectFirst() -> BrokerError? {
        let patience = Instant.now.advanced(by: configuration.startupPatience)
        while true {
            guard let problem = connect() else { return nil }
            if !problem.isTransient || patience <= nextAttempt { return problem }
            sleep(until: nextAttempt, watching: nil)
            takeMessages()
            if isClosing { return .closed }
        }
    }

    private func turn() {
        takeMessages()
        if isClosing { return }
        if let deadline, deadline <= Instant.now { deadlinePassed() }
        guard let connection else {
            if nextAttempt <= Instant.now { connect() } else { sleep(until: nextAttempt, watching: nil) }
            return
        }
        do throws(BrokerError) {
            try write(to: connection)
            let mayRead =
                connection.hasBufferedInput ? false : sleep(until: heartbeatDue(connection), watching: connection)
            guard connection.descriptor >= 0 else { throw BrokerError.connectionLost("the socket was closed") }
            try read(connection, mayRead: mayRead)
        } catch {
            lose(error)
        }
    }

    private func read(_ connection: AMQPConnection, mayRead: Bool) throws(BrokerError) {
        var mayRead = mayRead
        defer { finishReading() }
        while let event = try connection.nextEvent(mayRead: mayRead) {
            mayRead = false
            switch event {
            case .blocked(let reason): report(.blocked(reason: reason))
            case .unblocked: report(.connected)
            default: break
            }
            try handle(event, connection)
        }
    }

    private func takeMessages() {
        mailbox.drain(into: &messages)
        for message in messages { receive(message) }
    }

    private func heartbeatDue(_ connection: AMQPConnection) -> Instant {
        Instant.now.advanced(by: .milliseconds(max(1, connection.heartbeatSeconds) * 250))
    }

    /// Sleeps until there is something to do.
    ///
    /// - Returns: Whether the socket is to be read: it has data, or it is time to look after the heartbeat.
    @discardableResult
    private func sleep(until end: Instant, watching connection: AMQPConnection?) -> Bool {
        guard mailbox.prepareToSleep() else { return connection != nil }
        let wake = deadline.map { min($0, end) } ?? end
        let interest = Int16(POLLIN) | (wantsToWrite ? Int16(POLLOUT) : 0)
        let requests = [
            pollfd(fd: mailbox.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: connection?.descriptor ?? -1, events: interest, revents: 0),
        ]
        var answered = (requests[0], requests[1])
        let count = withUnsafeMutablePointer(to: &answered) { pair in
            pair.withMemoryRebound(to: pollfd.self, capacity: 2) { poll($0, 2, wake.pollTimeout) }
        }
        mailbox.awoke(bySignal: count > 0 && answered.0.revents != 0)
        return count <= 0 || answered.1.revents != 0
    }

    // MARK: - Connecting

    /// Connects now, whatever the back-off says.
    ///
    /// - Returns: What is in the way, or nil.
    @discardableResult
    func connect() -> BrokerError? {
        do throws(BrokerError) {
            let connection = try AMQPConnection(configuration, role: role)
            do throws(BrokerError) {
                try prepare(connection)
            } catch {
                connection.close()
                throw error
            }
            self.connection = connection
            backoff.reset()
            report(.connected)
            return nil
        } catch {
            lastProblem = error
            nextAttempt = Instant.now.advanced(by: backoff.delay())
            report(.disconnected(reason: error.description))
            return error
        }
    }

    /// Throws the connection away after an error.
    func lose(_ problem: BrokerError) {
        guard let connection else { return }
        lastProblem = problem
        if case .channelClosed = problem { connection.close() }
        self.connection = nil
        nextAttempt = Instant.now.advanced(by: backoff.delay())
        report(.disconnected(reason: problem.description))
        disconnected(problem)
    }

    /// Connects at the next turn without waiting, where the loss was our own doing.
    func reconnectAtOnce() { nextAttempt = Instant.now }

    /// Tells the broker object about this connection.
    func report(_ state: BrokerState) { states.set(state, for: identifier) }
}

import ArgumentParser

/// `oncorelay dead-letters list`
struct DeadLettersListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List parked messages with their reasons.",
        discussion: """
            Prints a JSON array: index, queue, messageID, type, runID, code, class, stage, message, attempts, deaths, \
            originalQueue, replayedAt, publishedAt, parkedAt, ageSeconds, sizeBytes; what is not known is absent.
            Exit codes: 0 listed (also when there is none), 64 wrong use, 69 the broker cannot be reached or refuses.
            """)

    @OptionGroup var parking: ParkingOptions

    @Option(help: "At most so many.")
    var limit = 1000

    @Flag(help: "Also show them as a table, on standard error.")
    var table = false

    @OptionGroup var broker: BrokerOptions

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit: expected 1 or more, found \(limit)") }
    }

    func run() async throws {
        let work = DeadLetterWork(broker: try broker.makeBroker(), source: parking.stage)
        let limit = limit
        let messages = try await Interruption.cancels { try await work.list(limit: limit) }
        if table {
            for line in Self.lines(messages, for: .standardError) { Console.standard.note(line) }
        }
        if messages.count == limit {
            Console.standard.note("the first \(limit) are shown; there may be more (--limit)")
        }
        try Console.standard.json(messages)
    }

    /// The messages as a table.
    static func lines(_ messages: [ParkedMessage], for terminal: Terminal) -> [String] {
        guard !messages.isEmpty else { return ["nothing is parked"] }
        var table = TextTable([
            .left("message id"), .shrinking("stage"), .shrinking("code"), .right("age"), .right("size"),
            .shrinking("reason"),
        ])
        for message in messages {
            table.add([
                message.messageID ?? "–", message.stage ?? "–", message.code ?? "–",
                message.ageSeconds.map { NumberText.span(seconds: $0) } ?? "–", NumberText.bytes(message.sizeBytes),
                message.message,
            ])
        }
        return table.lines(width: terminal.width, style: terminal.style)
    }
}

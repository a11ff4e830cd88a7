import ArgumentParser

/// `oncorelay dead-letters replay`
struct DeadLettersReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Bring parked messages back to the queues that they came from.",
        discussion: """
            Body and message id stay as they are; the headers of the failure and of the broker go. A message leaves \
            its parking queue only after the broker has confirmed the one that goes back.
            Prints {"replayed": [{"messageID", "from", "to"}], "failed": [{"messageID", "queue", "reason"}], \
            "notFound": [], "dryRun"}.
            Exit codes: 0 all replayed, 1 some were not found or cannot go back (named), 64 wrong use, 69 the broker \
            cannot be reached or refuses, 130 interrupted.
            """)

    @OptionGroup var chosen: SelectionOptions
    @OptionGroup var parking: ParkingOptions

    @Option(help: "A work queue to bring them to, for messages that do not say where they came from.")
    var to: String?

    @Flag(help: "Only say what would be done.")
    var dryRun = false

    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let work = DeadLetterWork(broker: try broker.makeBroker(), source: parking.stage)
        let (selection, queue, isRehearsal) = (chosen.selection, to, dryRun)
        let report = try await Interruption.cancels {
            try await work.replay(selection, to: queue, isRehearsal: isRehearsal)
        }
        for line in report.lines { Console.standard.note(line) }
        try Console.standard.json(report)
        try report.status.end()
    }
}

import ArgumentParser
import Messaging
import ServiceRuntime

/// `oncorelay status`
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show queues, consumers and how the studies stand.",
        discussion: """
            With --json prints {"queues": [{"name", "ready", "unacknowledged", "consumers"}], "studies": {"inFlight", \
            "final", "partial", "failed", "rejected", "parked"}}, null where it is not known: 'unacknowledged' needs \
            RabbitMQ's HTTP API, the studies need aggregation's ledger; 'parked' counts parked messages.
            Exit codes: 0 shown, 64 wrong use, 69 the broker cannot be reached or refuses, 130 interrupted (with \
            --watch: 0).
            """)

    @Flag(help: "JSON in place of the table.")
    var json = false

    @Flag(help: "Again every two seconds, until SIGINT.")
    var watch = false

    @Option(help: ArgumentHelp(ManagementAPI.optionSummary))
    var managementURL: String?

    @Option(help: ArgumentHelp(SettingsKey.ledger.optionSummary))
    var ledger: String?

    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let values = SettingValues()
        let configuration = try broker.configuration(values)
        let connected = try RabbitMQBroker(configuration)
        let api = try ManagementAPI(option: managementURL, values, configuration)
        var unacknowledged: (@Sendable () async throws -> [String: Int])?
        if let api { unacknowledged = { try await api.unacknowledged() } }
        let ledger = values.given(.ledger, option: ledger).map { path in LedgerReading.counts(path: path) }
        do {
            try await Interruption.cancels { [isJSON = json, repeats = watch, unacknowledged] in
                repeat {
                    let status = try await SystemStatus.read(
                        broker: connected, unacknowledged: unacknowledged, ledger: ledger)
                    try Self.show(status, isJSON: isJSON, repeats: repeats)
                    if repeats { try await Task.sleep(for: .seconds(2)) }
                } while repeats
            }
        } catch is CancellationError where watch {
            // This is how watching ends.
        }
    }

    private static func show(_ status: SystemStatus, isJSON: Bool, repeats: Bool) throws {
        guard !isJSON else {
            // Watched, each is a line of its own.
            return repeats
                ? Console.standard.line(try JSONText.compact(status)) : try Console.standard.json(status)
        }
        let terminal = Terminal.standardOutput
        let home = repeats && terminal.isInteractive ? "\u{1B}[H\u{1B}[2J" : ""
        Console.standard.line(home + StatusTable(status: status, terminal: terminal).lines.joined(separator: "\n"))
    }
}

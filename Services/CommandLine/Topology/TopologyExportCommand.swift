import ArgumentParser
import ServiceRuntime

/// `oncorelay topology export`
struct TopologyExportCommand: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case description
        case definitions
    }

    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print the topology as JSON, without a broker.",
        discussion: """
            --format definitions prints what 'rabbitmqctl import_definitions' and RabbitMQ's load_definitions take.
            Exit codes: 0 printed, 64 wrong use.
            """)

    @Option(help: "'description' (this program's own form) or 'definitions' (RabbitMQ's).")
    var format = Format.description

    @Option(help: "The virtual host that the definitions are for.")
    var virtualHost = "/"

    func run() async throws {
        switch format {
        case .description: try Console.standard.json(OncoRelayTopology.description)
        case .definitions:
            try Console.standard.json(BrokerDefinitions(OncoRelayTopology.description, virtualHost: virtualHost))
        }
    }
}

import ArgumentParser

/// `oncorelay topology apply`
struct TopologyApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Declare what is missing; leave what exists as it is.",
        discussion: """
            Prints {"created": [{"kind": "exchange" | "queue", "name"} | {"kind": "binding", "exchange", "queue", \
            "routingKey"}]}. Applied again it creates nothing. Needs a user with permission to configure.
            Exit codes: 0 everything is there, 69 the broker cannot be reached, refuses, or holds a declaration with \
            other arguments (which one, and which argument, is said).
            """)

    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let report = try await TopologyWork.apply(broker: broker.makeBroker())
        for line in report.lines { Console.standard.note(line) }
        try Console.standard.json(report)
    }
}

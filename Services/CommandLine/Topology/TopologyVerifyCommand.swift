import ArgumentParser

/// `oncorelay topology verify`
struct TopologyVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that all exchanges and queues exist.",
        discussion: """
            Prints {"verified": true | false, "differences": [{"kind", "name", "detail"}]}. Bindings and arguments \
            cannot be looked at over AMQP; 'topology apply' checks arguments.
            Exit codes: 0 all there, 1 something is missing, 69 the broker cannot be reached or refuses.
            """)

    @OptionGroup var broker: BrokerOptions

    func run() async throws {
        let report = try await TopologyWork.verify(broker: broker.makeBroker())
        for line in report.lines { Console.standard.note(line) }
        try Console.standard.json(report)
        try (report.verified ? ExitStatus.success : .findings).end()
    }
}

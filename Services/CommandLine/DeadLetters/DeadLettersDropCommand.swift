import ArgumentParser

/// `oncorelay dead-letters drop`
struct DeadLettersDropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Take parked messages away for good.",
        discussion: """
            Prints {"dropped": [{"messageID", "queue"}], "notFound": []}.
            Exit codes: 0 all dropped, 1 some were not found (named), 64 wrong use, 69 the broker cannot be reached \
            or refuses, 130 interrupted.
            """)

    @OptionGroup var chosen: SelectionOptions
    @OptionGroup var parking: ParkingOptions

    @Flag(help: "Yes, for good.")
    var yes = false

    @OptionGroup var broker: BrokerOptions

    func validate() throws {
        if !yes { throw ValidationError("a dropped message cannot be brought back; add --yes if that is meant") }
    }

    func run() async throws {
        let work = DeadLetterWork(broker: try broker.makeBroker(), source: parking.stage)
        let selection = chosen.selection
        let report = try await Interruption.cancels { try await work.drop(selection) }
        for line in report.lines { Console.standard.note(line) }
        try Console.standard.json(report)
        try report.status.end()
    }
}

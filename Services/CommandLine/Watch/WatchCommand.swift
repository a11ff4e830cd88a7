import ArgumentParser

/// `oncorelay watch`
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Print result events as JSON lines, as they come.",
        discussion: """
            Each line is a CloudEvent: result.accepted, .progress, .rejected, .final, .partial, .amended, .failed. \
            Only what comes after the start is shown. Ends at --count, or at SIGINT or SIGTERM.
            Exit codes: 0 ended as asked, 64 wrong use, 69 the broker cannot be reached or refuses.
            """)

    @Option(
        help: ArgumentHelp(
            "A topic pattern: '*' is one word, '#' any number; 'result.final.#', 'result.*.lymph-node.#'.",
            valueName: "pattern"))
    var filter = ResultSubscription.everything

    @Option(help: "End after so many events.")
    var count: Int?

    @OptionGroup var broker: BrokerOptions

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count: expected 1 or more, found \(count)") }
        guard (1...255).contains(filter.utf8.count) else {
            throw ValidationError("--filter: expected 1 to 255 bytes, found \(filter.utf8.count)")
        }
    }

    func run() async throws {
        let watch = ResultWatch(broker: try broker.makeBroker(), pattern: filter, count: count)
        do {
            try await Interruption.cancels {
                try await watch.run(onSubscribed: { Console.standard.note("watching '\(watch.pattern)'") }) { line in
                    Console.standard.line(line)
                }
            }
        } catch is CancellationError {
            // This is how a watch ends.
        }
    }
}

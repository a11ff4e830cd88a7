import ArgumentParser
import Contracts

/// `oncorelay dead-letters`: what a person must look at.
struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "List, show, replay or drop parked messages.",
        discussion: """
            Messages are parked when they cannot be worked on: each stage has a queue for them (parking.<stage>), and \
            there is one for what no queue wanted (parking.unrouted). Whatever is looked at goes back untouched.
            """,
        subcommands: [
            DeadLettersListCommand.self, DeadLettersShowCommand.self, DeadLettersReplayCommand.self,
            DeadLettersDropCommand.self,
        ])
}

/// Whose parked messages are meant.
struct ParkingOptions: ParsableArguments {
    @Option(help: "Only those of one stage, or 'unrouted' for what no queue wanted.")
    var stage: ParkingSource?
}

/// Which of them.
struct SelectionOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Ids of parked messages, as 'list' shows them.", valueName: "message-id"))
    var messageIDs: [String] = []

    @Flag(help: "All of them (of the stage).")
    var all = false

    @Option(help: "At most so many.")
    var limit: Int?

    var selection: ParkedSelection { ParkedSelection(messageIDs: all ? nil : Set(messageIDs), limit: limit) }

    func validate() throws {
        guard all == messageIDs.isEmpty else {
            throw ValidationError("name the messages by id, or all of them by --all")
        }
        if let limit, limit < 1 { throw ValidationError("--limit: expected 1 or more, found \(limit)") }
    }
}

extension ParkingSource: ExpressibleByArgument {
    init?(argument: String) {
        if argument == "unrouted" {
            self = .unrouted
        } else if let stage = StageName(rawValue: argument) {
            self = .stage(stage)
        } else {
            return nil
        }
    }

    static var allValueStrings: [String] { StageName.allCases.map(\.rawValue) + ["unrouted"] }

    var defaultValueDescription: String {
        switch self {
        case .stage(let stage): stage.rawValue
        case .unrouted: "unrouted"
        }
    }
}

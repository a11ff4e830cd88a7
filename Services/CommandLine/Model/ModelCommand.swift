import ArgumentParser

/// `oncorelay model …`
struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Make model folders.", subcommands: [ModelSeedCommand.self])
}

import ArgumentParser

/// `oncorelay topology`: owns the broker's exchanges, queues and bindings; services only check that they are there.
struct TopologyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topology",
        abstract: "Declare, check or export the broker's exchanges, queues and bindings.",
        discussion: "Exit codes: 0 done, 1 differences (verify), 64 a setting cannot be used, 69 the broker cannot "
            + "be reached, refuses, or holds other declarations.",
        subcommands: [TopologyApplyCommand.self, TopologyVerifyCommand.self, TopologyExportCommand.self])
}

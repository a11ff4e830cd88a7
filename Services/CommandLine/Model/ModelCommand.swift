import ArgumentParser

/// `oncorelay model …`
struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Look at model folders, run and measure their networks, make new ones.",
        discussion: """
            A model folder holds model.json and weights.safetensors. Research use only. Not for diagnosis.

            Exit codes: 0 done, 64 wrong use, 65 the data cannot be used, 66 a file cannot be read.
            """,
        subcommands: [
            ModelInspectCommand.self, ModelRunCommand.self, ModelBenchCommand.self, ModelImportCommand.self,
            ModelSeedCommand.self, ModelCalibrateCommand.self,
        ])
}

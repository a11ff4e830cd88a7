import ArgumentParser

/// `oncorelay dataset …`
struct DatasetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset", abstract: "Check and divide datasets to learn from.",
        discussion: """
            A dataset is a BIDS folder with participants.tsv and lesions.tsv (participant_id, label, origin), five \
            sequences of each study and a label map of its lesions below derivatives; or a folder of cut-outs with \
            nodes.tsv (image, patient, node, plane, status, short_axis_mm, reader…, reader…_sa).

            Exit codes: 0 done, 64 wrong use, 65 the dataset cannot be used: all that is wrong is told at once.
            """,
        subcommands: [DatasetCheckCommand.self, DatasetSplitCommand.self])
}

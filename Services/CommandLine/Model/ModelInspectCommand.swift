import ArgumentParser
import Classifiers
import NeuralNetwork

/// `oncorelay model inspect DIR`
struct ModelInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show a network's layers, shapes, parameters and operations.",
        discussion: """
            Shapes are those of one input; a multiply and an add count as two operations, of convolutions and linear \
            layers. Weights that are there are checked against the architecture; they may be absent.

            With --json prints {"parameters", "flops", "layers": [{"name", "kind", "output", "parameters", "flops"}]} \
            and more.

            Exit codes: 0 shown, 64 wrong use, 65 the folder cannot be used.
            """)

    @Argument(help: ArgumentHelp("The model folder.", valueName: "dir"), completion: .directory)
    var folder: String

    @Option(help: ArgumentHelp("Extents D,H,W or H,W (default: those of model.json).", valueName: "n,n,n"))
    var size: NumberList?

    @Flag(help: "JSON in place of the table.")
    var json = false

    /// What `--json` prints.
    private struct Report: Encodable {
        let architecture: Architecture
        /// [C, D, H, W] or [C, H, W].
        let input: [Int]
        let parameters: Int
        let flops: Int
        let layers: [LayerTable.Row]
        /// The layers that Grad-CAM can look at.
        let gradCAMLayers: [String]
        let labels: [String]
        let weightsSHA256: String?
    }

    func run() throws {
        let folder = try NetworkFolder.load(path: folder, needsWeights: false)
        let extent = try NetworkInput.extent(size, of: folder)
        let table = try LayerTable(graph: folder.graph, extent: extent)
        let input = [folder.architecture.inputChannels] + extent.components(rank: folder.architecture.spatialRank)
        guard !json else {
            return try Console.standard.json(
                Report(
                    architecture: folder.architecture, input: input, parameters: table.parameters, flops: table.flops,
                    layers: table.rows, gradCAMLayers: folder.graph.tapNames, labels: folder.labels,
                    weightsSHA256: folder.weights?.sha256))
        }
        let terminal = Terminal.standardOutput
        var text = TextTable([
            .shrinking("Layer"), .left("Kind"), .left("Output"), .right("Parameters"), .right("MFLOP"),
        ])
        for row in table.rows {
            text.add([
                row.name, row.kind, Self.shape(row.output), row.parameters == 0 ? "" : "\(row.parameters)",
                row.flops == 0 ? "" : Self.millions(row.flops),
            ])
        }
        text.add(["all", "", "", "\(table.parameters)", Self.millions(table.flops)])
        let lines = text.lines(width: terminal.width, style: terminal.style)
        Console.standard.line((["input \(Self.shape(input))"] + lines).joined(separator: "\n"))
        if folder.weights == nil { Console.standard.note("The folder has no \(ModelFolder.weightsFile).") }
    }

    private static func shape(_ extents: [Int]) -> String { extents.map(String.init).joined(separator: "×") }

    private static func millions(_ operations: Int) -> String {
        let tenths = operations / 100_000
        return tenths == 0 ? "<0.1" : "\(tenths / 10).\(tenths % 10)"
    }
}

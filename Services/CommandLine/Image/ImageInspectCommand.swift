import ArgumentParser
import Imaging

/// `oncorelay image inspect IN`
struct ImageInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Say what an image is: geometry, type and figures of its voxels.",
        discussion: """
            Reads NIfTI, a DICOM file or folder (one series), PNG and JPEG. With --json the keys are shape, spacing (mm), orientation, affine (4 × 4, RAS+ mm), type, slope, intercept, \
            minimum, maximum, mean, standardDeviation, nonzeroCount, sha256 (of the scaled voxels as float64, \
            little-endian, first axis fastest), volumes, affineFrom (sform, qform or spacing). --png writes a contact \
            sheet of the first volume: a row of slices for each plane, right and left marked.
            """)

    @Argument(help: ArgumentHelp("The image to read.", valueName: "in"), completion: .file())
    var input: String

    @Option(help: ArgumentHelp("Which series of a DICOM folder that holds several.", valueName: "uid"))
    var series: String?

    @Flag(help: "JSON instead of lines.")
    var json = false

    @Option(help: ArgumentHelp("Write a contact sheet.", valueName: "file"), completion: .file())
    var png: String?

    func run() throws {
        let image = try ImageFile.read(input, series: series)
        let report = ImageReport(image)
        if json {
            try Console.standard.json(report)
        } else {
            report.lines.forEach(Console.standard.line)
        }
        if let png {
            let sheet = try ContactSheet.picture(
                of: image.volume(0, subject: input), hasDirections: image.geometrySource != .spacing)
            try PNGWriter.write(sheet, to: png)
        }
    }
}

/// What `image inspect` says; the names are part of the contract.
struct ImageReport: Encodable {
    let shape: [Int]
    let spacing: [Double]
    let orientation: String
    let affine: [[Double]]
    let type: String
    let slope: Double
    let intercept: Double
    let minimum: Double
    let maximum: Double
    let mean: Double
    let standardDeviation: Double
    let nonzeroCount: Int
    let sha256: String
    let volumes: Int
    let affineFrom: String

    init(_ image: NIfTIImage) {
        let statistics = ImageStatistics(image)
        let rows = image.affine.rows
        let spacing = image.affine.spacing
        shape = image.shape
        self.spacing = [spacing.x, spacing.y, spacing.z]
        orientation = Orientation(image.affine).description
        affine = (0..<4).map { Array(rows[$0 * 4..<$0 * 4 + 4]) }
        type = image.type.name
        slope = image.slope
        intercept = image.intercept
        minimum = statistics.minimum
        maximum = statistics.maximum
        mean = statistics.mean
        standardDeviation = statistics.standardDeviation
        nonzeroCount = statistics.nonzeroCount
        sha256 = statistics.sha256
        volumes = image.volumeCount
        affineFrom = image.geometrySource.rawValue
    }

    /// For people.
    var lines: [String] {
        func number(_ value: Double) -> String { String((value * 1e4).rounded() / 1e4) }
        return [
            "shape        " + shape.map(String.init).joined(separator: " × "),
            "spacing      " + spacing.map(number).joined(separator: " × ") + " mm",
            "orientation  \(orientation) (from \(affineFrom))",
        ]
            + affine.prefix(3).enumerated().map { index, row in
                (index == 0 ? "affine       " : "             ") + row.map(number).joined(separator: "  ")
            } + [
                "type         \(type), slope \(number(slope)), intercept \(number(intercept))",
                "values       \(number(minimum)) to \(number(maximum)), mean \(number(mean)), "
                    + "standard deviation \(number(standardDeviation)), \(nonzeroCount) not 0",
                "sha256       \(sha256)",
            ]
    }
}

import Contracts
import Datasets
import Imaging

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A cohort of pictures of lymph nodes, written as cut-outs with a `nodes.tsv`.
package struct NodeCohort: Sendable {
    package let nodes: Int
    package let seed: UInt64
    package let difficulty: CohortDifficulty
    package let variety: NodeVariety
    package let format: Format

    /// How the pictures are stored.
    package enum Format: String, Sendable, CaseIterable {
        case png
        /// As in the paper; loses a little.
        case jpeg
    }

    package init(
        nodes: Int, seed: UInt64, difficulty: CohortDifficulty, variety: NodeVariety = .mesorectal,
        format: Format = .png
    ) {
        self.format = format
        self.nodes = nodes
        self.seed = seed
        self.difficulty = difficulty
        self.variety = variety
    }

    package var model: LatentModel { .lymphNode(separation: difficulty.separation) }

    /// One picture of the cohort.
    struct Cutout: Sendable {
        let node: PhantomLymphNode
        let plane: Plane
        let calls: [(without: Bool, with: Bool)]
        let picture: GrayPicture
        let format: Format

        var patient: String { Self.padded("P", node.patient) }
        var nodeName: String { "N\(node.number)" }
        var path: String { "images/\(patient)_\(nodeName)_\(plane.rawValue).\(format.rawValue)" }

        private static func padded(_ prefix: String, _ number: Int) -> String {
            let digits = String(number)
            return prefix + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        }
    }

    /// The nodes, patient by patient: one to three each, about as many of each status.
    var phantoms: [PhantomLymphNode] {
        let model = model
        var random = PhantomRandom.stream(seed, 10)
        let statuses = random.shuffled((0..<nodes).map { $0 % 2 == 0 ? Outcome.positive : .negative })
        var phantoms: [PhantomLymphNode] = []
        var patient = 0
        while phantoms.count < nodes {
            patient += 1
            let share = random.uniform()
            let common = model.drawPatient(&random)
            for number in 1...(share < 0.45 ? 1 : share < 0.8 ? 2 : 3) where phantoms.count < nodes {
                let status = statuses[phantoms.count]
                // 3 to 13 mm, the middle at 6.2.
                let size = min(max(6.2 + 2.1 * random.gaussian() + abs(random.gaussian()), 3), 13)
                phantoms.append(
                    PhantomLymphNode(
                        patient: patient, number: number, status: status, shortAxis: (size * 10).rounded() / 10,
                        latents: model.draw(status, patient: common, random: &random)))
            }
        }
        return phantoms
    }

    /// The pictures of a node: its planes, of which one or two may be missing.
    func cutouts(of node: PhantomLymphNode) -> [Cutout] {
        var random = PhantomRandom.stream(seed, 11, UInt64(node.patient), UInt64(node.number))
        let missing = Plane.allCases.map { _ in random.uniform() < 0.06 }
        let kept = Plane.allCases[Int(random.next() % 3)]
        return Plane.allCases.enumerated().compactMap { index, plane in
            var own = PhantomRandom.stream(
                seed, 12, UInt64(node.patient), UInt64(node.number), UInt64(index))
            guard !missing[index] || plane == kept else { return nil }
            let picture = NodePicture(node, variety: variety, random: &own).picture
            let calls = SimulatedReader.all.map { $0.calls(node, random: &own) }
            return Cutout(node: node, plane: plane, calls: calls, picture: picture, format: format)
        }
    }

    /// Writes the cohort; on any error nothing stays.
    ///
    /// - Parameters:
    ///   - folder: absent or empty.
    ///   - progress: how many nodes are done.
    /// - Returns: what `truth.json` says.
    /// - Throws: ``CohortError``, `ImagingError` or the file system's own error.
    package func write(
        to folder: String, progress: @Sendable @escaping (Int) -> Void = { _ in }
    ) async throws -> CohortTruth {
        try await StagedFolder.whole(folder) { staged in try await fill(staged, progress) }
    }

    private func fill(_ staged: StagedFolder, _ progress: @Sendable @escaping (Int) -> Void) async throws -> CohortTruth
    {
        try staged.makeFolder("images")
        let phantoms = phantoms
        let made = try await TeamWork.run(phantoms.count, progress) { index in
            let pictures = cutouts(of: phantoms[index])
            for cutout in pictures {
                let path = "\(staged.staging)/\(cutout.path)"
                switch format {
                case .png: try PNGWriter.write(cutout.picture, to: path)
                case .jpeg: try JPEGWriter.write(cutout.picture, to: path)
                }
            }
            return pictures
        }.flatMap(\.self)
        try staged.write(Self.table(made), to: "nodes.tsv")
        try staged.write(Self.truth(made, model), to: "truth.tsv")
        try staged.write(Self.readme, to: "README")
        try staged.makeFolder("studies")
        for (patient, cutouts) in Dictionary(grouping: made, by: \.patient) {
            try staged.write(json: study(cutouts), to: "studies/\(patient).json")
        }
        let truth = CohortTruth(
            model, separation: difficulty.separation, variety: variety.rawValue, seed: seed,
            patients: phantoms.last?.patient ?? 0,
            examples: made.map { TrueExample(id: $0.path, outcome: $0.node.status, latents: $0.node.latents) })
        try staged.write(json: truth, to: "truth.json")
        return truth
    }

    /// A patient's pictures as a publisher would send them; locations are relative to the cohort's folder.
    private func study(_ cutouts: [Cutout]) -> StudySubmitted {
        let number = cutouts.first?.node.patient ?? 0
        return StudySubmitted(
            studyInstanceUID: "1.2.826.0.1.3680043.10.1561.8.2.\(seed).\(number)", task: .lymphNode, site: "phantom",
            series: cutouts.map { SubmittedSeries(sequence: .t2, location: "file:" + $0.path, plane: $0.plane) })
    }

    private static func table(_ cutouts: [Cutout]) -> String {
        let readers = SimulatedReader.all.flatMap { [$0.name, $0.name + "_sa"] }
        let header = ["image", "patient", "node", "plane", "status", "short_axis_mm"] + readers
        let lines = cutouts.map { cutout -> [String] in
            let calls = cutout.calls.flatMap { [$0.without, $0.with] }.map { $0 ? "positive" : "negative" }
            return [
                cutout.path, cutout.patient, cutout.nodeName, cutout.plane.rawValue, cutout.node.status.rawValue,
                "\(cutout.node.shortAxis)",
            ] + calls
        }
        return ([header] + lines).map { $0.joined(separator: "\t") + "\n" }.joined()
    }

    private static func truth(_ cutouts: [Cutout], _ model: LatentModel) -> String {
        let header = ["image", "status"] + model.latents.map(\.name)
        let lines = cutouts.map { [$0.path, $0.node.status.rawValue] + $0.node.latents.map { "\($0)" } }
        return ([header] + lines).map { $0.joined(separator: "\t") + "\n" }.joined()
    }

    private static let readme = """
        Pictures of lymph nodes that were computed, with looks that were invented: nobody was scanned, and no clinical
        truth is meant. nodes.tsv gives each picture's node, status and the calls of simulated readers (…_sa: with the
        short axis); truth.tsv the numbers that it was made of; truth.json the best AUC that any classifier of single
        pictures can have. studies/ has the message for each patient, to classify or publish with this folder as root.
        \(Disclaimer.text)

        """
}

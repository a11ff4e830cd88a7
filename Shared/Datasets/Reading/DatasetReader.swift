package import Contracts
import Imaging

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// Reads datasets, and tells all that is wrong with one at once.
package struct DatasetReader: Sendable {
    /// How much of the images is read.
    package enum Depth: Sendable {
        /// Tables and names only.
        case tables
        /// All voxels and pixels as well: broken images, empty masks and labels that are not there are found.
        case voxels
    }

    /// Sequences that every brain study must have.
    package var sequences: Set<MRSequence>
    package var depth: Depth

    package init(sequences: Set<MRSequence> = Set(MRSequence.allCases), depth: Depth = .voxels) {
        self.sequences = sequences
        self.depth = depth
    }

    /// Reads a dataset: a BIDS folder with a `lesions.tsv`, or a folder of cut-outs with a `nodes.tsv`.
    ///
    /// - Parameter root: the folder.
    /// - Returns: a dataset in which every file is there and every outcome is known.
    /// - Throws: ``DatasetProblems`` with all of them.
    package func read(_ root: URL) throws(DatasetProblems) -> Dataset {
        let folder = DatasetFolder(root)
        guard folder.isFolder("") else {
            throw DatasetProblems([DatasetProblem(root.path, "expected the dataset's folder, found none")])
        }
        switch (folder.contains("lesions.tsv"), folder.contains("nodes.tsv")) {
        case (true, false): return try BrainDatasetReader(folder: folder, sequences: sequences, depth: depth).read()
        case (false, true): return try NodeDatasetReader(folder: folder, depth: depth).read()
        case (let both, _):
            let found = both ? "both" : "neither"
            throw DatasetProblems([
                DatasetProblem(
                    folder.root.path,
                    "expected lesions.tsv (brain studies in BIDS) or nodes.tsv (cut-outs), found \(found)")
            ])
        }
    }
}

extension Dataset {
    /// What is wrong with the outcomes as a whole: every question needs both of its classes, or one question at least.
    func classProblems(file: String) -> [DatasetProblem] {
        let roles = ClassifierRole.allCases.filter { $0.task == kind }
        let isLearnable = roles.contains { role in
            Set(examples.compactMap { role.label(of: $0.outcome) }).count == 2
        }
        guard !isLearnable, let first = examples.first else { return [] }
        return [
            DatasetProblem(
                file,
                "expected outcomes of two classes, found only \(first.outcome.rawValue); nothing can be learned from one"
            )
        ]
    }
}

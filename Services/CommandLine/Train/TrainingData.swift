import Contracts
import Datasets
import Learning

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The cohort that a recipe learns from, and its parts.
enum TrainingData {
    /// Reads the tables; images are read, and found broken, when they are prepared.
    ///
    /// - Throws: `LearningError.invalid` with everything that is wrong.
    static func dataset(_ folder: String?, for recipe: Recipe) throws(LearningError) -> Dataset {
        guard let folder else {
            throw .invalid("no dataset: name its folder with --data or as data.folder in the recipe")
        }
        let needed = recipe.data.missingSequences == .skip ? [] : Set(recipe.input.sequences)
        let dataset: Dataset
        do {
            dataset = try DatasetReader(sequences: needed, depth: .tables).read(URL(filePath: folder))
        } catch {
            throw .invalid("\(error)")
        }
        guard dataset.kind == recipe.task.task else {
            throw .invalid(
                "\(folder): the recipe's task \(recipe.task.rawValue) wants a cohort of \(recipe.task.task.rawValue), "
                    + "found one of \(dataset.kind.rawValue)")
        }
        return dataset
    }

    /// The split that was written before, that of the cohort's own folder, or a new one by the recipe's shares.
    ///
    /// - Throws: `LearningError.invalid` with everything that does not fit.
    static func split(of dataset: Dataset, _ recipe: Recipe, written: String?) throws(LearningError) -> Split {
        do {
            if let written { return try Split(from: URL(filePath: written), for: dataset) }
            return try Splitter(unit: recipe.data.splitBy, seed: recipe.data.seed, fractions: recipe.data.fractions)
                .split(dataset)
        } catch {
            throw .invalid("\(error)")
        }
    }

    /// Patients that two cohorts have in common, in words; empty where there are none.
    static func overlapNotes(_ split: Split, _ dataset: Dataset) -> [String] {
        split.overlaps(in: dataset).filter { !$0.patients.isEmpty }.map { overlap in
            "\(overlap); what is learned of a patient in one is known in the other"
        }
    }
}

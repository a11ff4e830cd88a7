package import Contracts
internal import Datasets

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What is evaluated, as a person writes it down in YAML. Paths are relative to the file's folder.
///
/// Either `scores` (a table as this command writes it), or `dataset` and `models` (or `sweep`).
package struct EvaluationConfiguration: Sendable, Equatable {
    /// A system: the one to three networks that answer its questions.
    package struct Model: Sendable, Equatable {
        package var name: String
        package var folders: [String]
        /// `history.csv` files of its trainings.
        package var histories: [String]
    }

    /// What is looked at by Grad-CAM.
    package struct HeatMaps: Sendable, Equatable {
        /// Pictures of the surest right answers, and as many of wrong ones, for each network.
        package var pictures: Int
        /// Cases whose heat is measured, for each network and cohort.
        package var cases: Int
        /// Cases of the randomization check.
        package var randomized: Int

        package init(pictures: Int = 3, cases: Int = 64, randomized: Int = 8) {
            self.pictures = pictures
            self.cases = cases
            self.randomized = randomized
        }
    }

    package var settings: EvaluationSettings
    package var task: ClinicalTask?
    package var scores: String?
    package var calls: String?
    package var dataset: String?
    package var split: String?
    package var models: [Model]
    package var sweep: String?
    package var heatMaps: HeatMaps
    /// Histories that belong to scores without models.
    package var histories: [String]

    /// Reads a configuration.
    ///
    /// - Parameters:
    ///   - text: YAML.
    ///   - path: of the file, for messages; paths inside are relative to its folder.
    /// - Returns: the configuration, its paths resolved.
    /// - Throws: ``EvaluationProblems`` with every key that is unknown or wrong.
    package static func read(_ text: String, path: String) throws(EvaluationProblems) -> EvaluationConfiguration {
        let reader = try ConfigurationReader.root(text, path: path)
        let folder = URL(filePath: path).deletingLastPathComponent()
        func resolved(_ path: String) -> String { path.hasPrefix("/") ? path : folder.appending(path: path).path }
        var settings = EvaluationSettings(title: reader.text("title"))
        settings.cohorts = reader.words("cohorts", Cohort.self)
        settings.units = reader.words("units", EvaluationUnit.self)
        settings.reference = reader.text("reference")
        settings.readers = reader.texts("readers")
        settings.level = reader.number("level", "a number between 0.5 and 1") { $0 >= 0.5 && $0 < 1 } ?? 0.95
        if let correction = reader.words("correction", EvaluationSettings.Correction.self).first {
            settings.correction = correction
        }
        settings.cut = cut(reader)
        for part in reader.mappings("bootstrap").prefix(1) {
            settings.resamples = part.whole("resamples", 0...1_000_000) ?? settings.resamples
            settings.seed = UInt64(part.whole("seed", 0...Int.max) ?? Int(settings.seed))
            reader.close(part)
        }
        var heatMaps = HeatMaps()
        for part in reader.mappings("heat-maps").prefix(1) {
            heatMaps.pictures = part.whole("pictures", 0...50) ?? heatMaps.pictures
            heatMaps.cases = part.whole("cases", 0...1_000_000) ?? heatMaps.cases
            heatMaps.randomized = part.whole("randomized", 0...1000) ?? heatMaps.randomized
            reader.close(part)
        }
        let models = reader.mappings("models").map { part in
            let folders = part.texts("folders").map(resolved)
            if folders.isEmpty { part.complain("folders", "expected one to three model folders") }
            let name = part.text("name") ?? folders.first.map { URL(filePath: $0).lastPathComponent } ?? ""
            let model = Model(name: name, folders: folders, histories: part.texts("history").map(resolved))
            reader.close(part)
            return model
        }
        let configuration = EvaluationConfiguration(
            settings: settings, task: reader.words("task", ClinicalTask.self).first,
            scores: reader.text("scores").map(resolved), calls: reader.text("calls").map(resolved),
            dataset: reader.text("dataset").map(resolved), split: reader.text("split").map(resolved), models: models,
            sweep: reader.text("sweep").map(resolved), heatMaps: heatMaps,
            histories: reader.texts("history").map(resolved))
        reader.complainOfUnknownKeys()
        let problems = reader.problems + configuration.contradictions(path)
        guard problems.isEmpty else { throw EvaluationProblems(problems) }
        return configuration
    }

    private static func cut(_ reader: ConfigurationReader) -> EvaluationSettings.Cut {
        guard let text = reader.text("cut") else { return .model }
        switch text {
        case "model": return .model
        case "youden": return .youden
        default:
            if let value = Double(text), 0...1 ~= value { return .fixed(value) }
            reader.complain("cut", "expected model, youden or a probability from 0 to 1, found '\(text)'")
            return .model
        }
    }

    private func contradictions(_ path: String) -> [String] {
        var problems: [String] = []
        let hasModels = !models.isEmpty || sweep != nil
        if scores == nil, !hasModels {
            problems.append("\(path): expected 'scores', or 'dataset' with 'models' or 'sweep'; found none of them")
        }
        if scores != nil, hasModels {
            problems.append("\(path): 'scores' stand for networks; leave out 'models' and 'sweep', or 'scores'")
        }
        if hasModels, dataset == nil { problems.append("\(path): 'models' and 'sweep' need 'dataset'") }
        let names = models.map(\.name)
        for name in Set(names.filter { name in names.count { $0 == name } > 1 }).sorted() {
            problems.append("\(path): two of 'models' are called '\(name)'")
        }
        for model in models where model.folders.count > 3 {
            problems.append("\(path): '\(model.name)' has \(model.folders.count) folders; a hierarchy has three")
        }
        return problems
    }
}

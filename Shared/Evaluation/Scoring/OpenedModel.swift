package import Classifiers
package import Contracts
internal import Datasets
internal import NeuralNetwork

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A network that is evaluated: which system it belongs to, and which question it answers.
package struct OpenedModel: Sendable {
    package var system: String
    package let role: ClassifierRole
    package let folder: ModelFolder
    /// Of its training, where one lies beside it.
    package let history: String?

    /// The index, among the network's labels, of the role's class 1.
    package var positive: Int {
        folder.description.labels.firstIndex { $0.lowercased() == role.classNames[1] } ?? 1
    }

    /// The description with paths where inputs are made from files.
    var inputDescription: ModelDescription {
        var description = folder.description
        description.input = folder.resolvedInput
        return description
    }

    /// From which probability of class 1 on it is given.
    package var threshold: Double {
        let threshold = folder.description.threshold
        // The model's threshold is its second label's; class 1 may be its first.
        return positive == 1 ? threshold : min((1 - threshold).nextUp, 1)
    }

    package var provenance: ModelProvenance {
        let description = folder.description
        return ModelProvenance(
            name: description.name, version: description.version, weightsSHA256: folder.weightsSHA256,
            architecture: Self.architecture(description.architecture),
            input: description.input.sequences.map(\.rawValue).joined(separator: "+"),
            parameters: folder.graph.parameterCount)
    }

    private static func architecture(_ architecture: Architecture) -> String {
        let (name, width) =
            switch architecture {
            case .resnet3D(let network): ("3D ResNet\(network.depth)", network.widthMultiplier)
            case .inceptionV3(let network): ("Inception-v3", network.widthMultiplier)
            }
        return width == 1 ? name : "\(name), width × \(width)"
    }

    /// Opens the networks of a configuration.
    ///
    /// - Returns: networks of one clinical question, in the configuration's order.
    /// - Throws: ``EvaluationProblems`` with every folder that cannot be used, and every question that a system answers
    ///   twice.
    package static func open(
        _ configuration: EvaluationConfiguration
    ) throws(EvaluationProblems) -> [OpenedModel] {
        var problems: [String] = []
        var models: [OpenedModel] = []
        for entry in configuration.models {
            for folder in entry.folders {
                do { models.append(try open(folder, system: entry.name)) } catch { problems += error.problems }
            }
        }
        if let sweep = configuration.sweep {
            do { models += try open(sweep: sweep) } catch { problems += error.problems }
        }
        var seen: Set<String> = []
        for model in models where !seen.insert("\(model.system)\n\(model.role.rawValue)").inserted {
            problems.append("'\(model.system)' has two models for \(model.role.rawValue); name them as two systems")
        }
        let tasks = Set(models.map(\.role.task))
        if tasks.count > 1 { problems.append("the models answer both clinical questions; evaluate them one by one") }
        guard problems.isEmpty else { throw EvaluationProblems(problems) }
        return models
    }

    /// A model folder, or a training run's folder, of which the best model is taken.
    private static func open(_ path: String, system: String) throws(EvaluationProblems) -> OpenedModel {
        func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
        let isRun = !exists("\(path)/model.json") && exists("\(path)/best/model.json")
        let folder: ModelFolder
        do { folder = try ModelFolder.load(path: isRun ? "\(path)/best" : path) } catch {
            throw EvaluationProblems(["\(error)"])
        }
        guard let role = ClassifierRole(labels: folder.description.labels) else {
            let labels = folder.description.labels.joined(separator: ", ")
            throw EvaluationProblems(["model folder \(path): its labels \(labels) answer none of the known questions"])
        }
        let histories = [path, URL(filePath: path).deletingLastPathComponent().path].map { "\($0)/history.csv" }
        let isTrained = isRun || ["best", "last"].contains(URL(filePath: path).lastPathComponent)
        let history = histories.prefix(isRun ? 1 : 2).first { isTrained && exists($0) }
        return OpenedModel(system: system, role: role, folder: folder, history: history)
    }

    /// The runs of a sweep, by their folders' names. Runs that differ only in the question are one system.
    private static func open(sweep path: String) throws(EvaluationProblems) -> [OpenedModel] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
        let runs = names.filter { name in
            ["model.json", "best/model.json"].contains {
                FileManager.default.fileExists(atPath: "\(path)/\(name)/\($0)")
            }
        }
        guard !runs.isEmpty else {
            throw EvaluationProblems(["\(path): expected the runs of a sweep, each with a model; found none"])
        }
        var problems: [String] = []
        var models: [OpenedModel] = []
        for run in runs {
            do { models.append(try open("\(path)/\(run)", system: run)) } catch { problems += error.problems }
        }
        guard problems.isEmpty else { throw EvaluationProblems(problems) }
        let joined = models.map { "\($0.provenance.architecture), \($0.provenance.input)" }
        let questions = zip(joined, models).map { "\($0)\n\($1.role.rawValue)" }
        if Set(questions).count == models.count, Set(models.map(\.role)).count > 1 {
            for index in models.indices { models[index].system = joined[index] }
        }
        return models
    }
}

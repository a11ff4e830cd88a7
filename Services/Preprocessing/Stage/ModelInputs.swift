import Contracts
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What the models in service want to be fed, read off their `model.json`; the weights are not touched.
final class ModelInputs: Sendable {
    private struct Description: Decodable {
        let labels: [String]
        let input: ModelInput
    }

    private struct Cache {
        var inputs: [ClassifierRole: ModelInput] = [:]
        var readAt: ContinuousClock.Instant?
    }

    private let directory: String?
    private let cache = Mutex(Cache())

    init(directory: String?) { self.directory = directory }

    /// The roles of a task and their inputs. Looked up anew every two seconds, so that replaced folders are seen.
    ///
    /// - Returns: At least one role: a study that was prepared for no network could not be classified later either.
    /// - Throws: ``Failure`` `model-missing` or `model-damaged` of class transient: mending the folder mends it.
    func inputs(for task: ClinicalTask) throws(Failure) -> [ClassifierRole: ModelInput] {
        let inputs = try all().filter { $0.key.task == task }
        guard !inputs.isEmpty else {
            throw Failure(
                .modelMissing, .transient,
                "models: expected model folders for \(task.rawValue) in the configured folder, found none; "
                    + "put them there")
        }
        return inputs
    }

    private func all() throws(Failure) -> [ClassifierRole: ModelInput] {
        let now = ContinuousClock.now
        let current = cache.withLock { $0 }
        if let readAt = current.readAt, now - readAt < .seconds(2), !current.inputs.isEmpty { return current.inputs }
        let inputs = try read()
        cache.withLock { $0 = Cache(inputs: inputs, readAt: now) }
        return inputs
    }

    private func read() throws(Failure) -> [ClassifierRole: ModelInput] {
        guard let directory else {
            return Dictionary(uniqueKeysWithValues: ClassifierRole.allCases.map { ($0, $0.defaultInput) })
        }
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory else {
            throw Failure(
                .modelMissing, .transient, "models: expected a folder with model folders; the configured one is absent")
        }
        var inputs: [ClassifierRole: ModelInput] = [:]
        for folder in Self.modelFolders(beneath: directory, depth: 3) {
            guard let data = FileManager.default.contents(atPath: folder + "/model.json"),
                let description = try? JSONDecoder().decode(Description.self, from: data)
            else {
                // It could be any network's. The classifiers wait for it too, and a study that was prepared without
                // its input could not be classified when it is mended.
                let name = folder.split(separator: "/").last ?? ""
                throw Failure(
                    .modelDamaged, .transient, "models: the model.json of folder \(name) cannot be read; mend it")
            }
            guard let role = ClassifierRole(labels: description.labels) else { continue }
            var input = description.input
            // From here on it is a path: the cut-outs are made far from the model's folder.
            if let name = input.normalization.meanImage?.file.split(separator: "/").last {
                input.normalization.meanImage?.file = "\(folder)/\(name)"
            }
            inputs[role] = input
        }
        return inputs
    }

    private static func modelFolders(beneath directory: String, depth: Int) -> [String] {
        let entries = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
        if entries.contains("model.json") { return [directory] }
        guard depth > 0 else { return [] }
        return entries.filter { !$0.hasPrefix(".") }.flatMap { entry -> [String] in
            var isDirectory = false
            let path = directory + "/" + entry
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory else {
                return []
            }
            return modelFolders(beneath: path, depth: depth - 1)
        }
    }
}

package import Contracts
package import NeuralNetwork

/// The classifiers of a service: opened by role, kept, and opened again when their model folders change.
package actor ClassifierLibrary {
    private let directory: String?
    private let settings: ComputeSettings
    private let executor: ComputeExecutor
    private var catalog: ModelCatalog
    private var classifiers: [ClassifierRole: Classifier] = [:]
    /// How often other models were taken into service.
    private var reloads = 0
    /// New models that could not be used: they are not tried again until their files change.
    private var refused: (state: ModelCatalog.State, error: ClassifierError)?

    /// Loading hashes and folds weights, which takes as long as a batch: it happens where batches are computed.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - directory: of model folders; nil for the seeded, untrained default models.
    ///   - settings: as for ``Classifier``.
    /// - Throws: what ``ModelCatalog/open(directory:)`` throws.
    package init(directory: String?, settings: ComputeSettings) throws(ClassifierError) {
        self.directory = directory
        self.settings = settings
        executor = ComputeExecutor()
        catalog = try ModelCatalog.open(directory: directory)
    }

    /// The classifier of a role. All classifiers of a library take turns on one thread.
    ///
    /// - Throws: `ClassifierError.modelMissing`, `modelDamaged`.
    package func classifier(for role: ClassifierRole) throws(ClassifierError) -> Classifier {
        if let classifier = classifiers[role] { return classifier }
        let classifier = try Classifier(model: try catalog.model(for: role), settings: settings, executor: executor)
        classifiers[role] = classifier
        return classifier
    }

    /// Reads and hashes the models of several roles at the same time, instead of one after another when they are asked
    /// for: a worker that starts has all processors for it.
    ///
    /// - Returns: why roles have no classifier; empty when all have.
    @discardableResult
    package func load(_ roles: [ClassifierRole]) async -> [ClassifierRole: ClassifierError] {
        let begun = reloads
        let models = await Self.models(of: roles.filter { classifiers[$0] == nil }, in: catalog)
        guard begun == reloads else { return await load(roles) }
        var problems: [ClassifierRole: ClassifierError] = [:]
        // Others may have been here meanwhile: what they made stays.
        for (role, model) in models where classifiers[role] == nil {
            do throws(ClassifierError) {
                classifiers[role] = try Classifier(model: try model.get(), settings: settings, executor: executor)
            } catch {
                problems[role] = error
            }
        }
        return problems
    }

    private nonisolated static func models(
        of roles: [ClassifierRole], in catalog: ModelCatalog
    ) async -> [ClassifierRole: Result<ModelFolder, ClassifierError>] {
        await withTaskGroup { group in
            for role in roles {
                group.addTask { () -> (ClassifierRole, Result<ModelFolder, ClassifierError>) in
                    do throws(ClassifierError) {
                        return (role, .success(try await ModelReader().model(for: role, in: catalog)))
                    } catch {
                        return (role, .failure(error))
                    }
                }
            }
            var models: [ClassifierRole: Result<ModelFolder, ClassifierError>] = [:]
            for await (role, model) in group { models[role] = model }
            return models
        }
    }

    /// The descriptions of all models, with their roles.
    package var entries: [ModelCatalog.Entry] { catalog.entries }

    /// Opens the directory again if it changed; those classifiers that were in use are loaded at once. When the new
    /// models cannot be used, the old ones stay in service.
    ///
    /// - Returns: whether models were exchanged.
    /// - Throws: why the new models cannot be used.
    package func reloadIfChanged() throws(ClassifierError) -> Bool {
        guard let directory, catalog.hasChanged else {
            refused = nil
            return false
        }
        // Taken before anything is read: what changes meanwhile is looked at again.
        let state = ModelCatalog.state(of: directory)
        if let refused, refused.state == state { throw refused.error }
        do {
            try reload(directory)
            refused = nil
            return true
        } catch {
            refused = (state, error)
            throw error
        }
    }

    private func reload(_ directory: String) throws(ClassifierError) {
        let fresh = try ModelCatalog.open(directory: directory)
        var reloaded: [ClassifierRole: Classifier] = [:]
        for role in classifiers.keys {
            reloaded[role] = try Classifier(model: try fresh.model(for: role), settings: settings, executor: executor)
        }
        catalog = fresh
        classifiers = reloaded
        reloads += 1
    }
}

internal import Classifiers
internal import Contracts
package import Datasets
package import NeuralNetwork
internal import Statistics
internal import Tensors

/// Looks at where networks look: on the last evaluated cohort, for the class that is true.
package struct HeatMapAnalysis: Sendable {
    package let dataset: Dataset
    package let split: Split
    package let inputs: any ExampleInputs
    package let settings: ComputeSettings
    package let wanted: EvaluationConfiguration.HeatMaps

    /// Systems whose maps are made; of a sweep's many, the first ones.
    package static let mostSystems = 6
    private static let batch = 16

    package init(
        dataset: Dataset, split: Split, inputs: any ExampleInputs, settings: ComputeSettings,
        wanted: EvaluationConfiguration.HeatMaps
    ) {
        self.dataset = dataset
        self.split = split
        self.inputs = inputs
        self.settings = settings
        self.wanted = wanted
    }

    /// Figures and pictures of every network.
    ///
    /// - Parameters:
    ///   - models: networks whose scores are there.
    ///   - scores: theirs.
    ///   - cohort: whose cases are looked at.
    ///   - progress: told what is done.
    /// - Returns: a figure for each network, and pictures of its surest right and wrong answers.
    /// - Throws: ``EvaluationProblems`` for examples that cannot be used, and what the computation throws.
    package func figures(
        of models: [OpenedModel], scores: [SystemScores], cohort: Cohort,
        progress: @Sendable (String) -> Void = { _ in }
    ) async throws -> (figures: [ExplanationFigure], pictures: [CasePicture]) {
        var figures: [ExplanationFigure] = []
        var pictures: [CasePicture] = []
        let shown = Set(Self.names(models).prefix(Self.mostSystems))
        let executor = ComputeExecutor()
        for (model, score) in zip(models, scores) where shown.contains(model.system) {
            progress("\(model.system), \(model.role.rawValue)")
            let members = dataset.labelled(for: model.role).filter { split.assignment[$0.example.id] == cohort }
            let extremes = Self.extremes(members, model, score, count: wanted.pictures)
            let measured = Self.spread(members.map(\.example), count: wanted.cases)
            let classifier = try Classifier(model: model.folder, settings: settings, executor: executor)
            let measures = try await measures(measured, model, classifier)
            figures.append(
                ExplanationFigure(
                    system: model.system, task: model.role, cohort: cohort,
                    layer: model.folder.description.gradCAMLayer, count: measured.count,
                    inside: MeanFigure(measures.compactMap(\.inside)),
                    chance: MeanFigure(measures.map(\.chance)),
                    pointing: Proportion(measures.count { $0.isPointing }, of: measures.count).map {
                        ShareFigure($0, level: 0.95)
                    },
                    randomization: try await randomization(
                        Self.spread(members.map(\.example), count: wanted.randomized), model, classifier, executor)))
            for (kind, example) in extremes {
                pictures.append(try await picture(example, kind, model, score, cohort, classifier))
            }
        }
        return (figures, pictures)
    }

    // MARK: Cases

    private static func names(_ models: [OpenedModel]) -> [String] {
        var names: [String] = []
        for model in models where !names.contains(model.system) { names.append(model.system) }
        return names
    }

    /// So many examples, evenly over all: the same ones for every network.
    private static func spread(_ examples: [Example], count: Int) -> [Example] {
        guard examples.count > count else { return examples }
        return (0..<count).map { examples[$0 * examples.count / count] }
    }

    /// The surest right answers, and the surest wrong ones.
    private static func extremes(
        _ members: [(example: Example, label: Int)], _ model: OpenedModel, _ score: SystemScores, count: Int
    ) -> [(CasePicture.Kind, Example)] {
        let judged = members.compactMap { member -> (example: Example, truth: Double, isRight: Bool)? in
            guard let value = score.scores[member.example.id] else { return nil }
            return (
                member.example, member.label == 1 ? value : 1 - value,
                (value >= model.threshold) == (member.label == 1)
            )
        }
        let right = judged.filter(\.isRight).sorted { ($0.truth, $1.example.id) > ($1.truth, $0.example.id) }
        let wrong = judged.filter { !$0.isRight }.sorted { ($0.truth, $0.example.id) < ($1.truth, $1.example.id) }
        let best = right.prefix(count).map { (CasePicture.Kind.best, $0.example) }
        return best + wrong.prefix(count).map { (CasePicture.Kind.worst, $0.example) }
    }

    // MARK: Maps

    /// The index, among the network's labels, of an example's class.
    private func label(of example: Example, _ model: OpenedModel) -> Int {
        model.role.label(of: example.outcome) == 1 ? model.positive : 1 - model.positive
    }

    /// Maps of examples for their true classes, in order, each [D, H, W] or [H, W].
    private func maps(
        _ examples: [Example], _ prepared: [ExampleInput], _ model: OpenedModel, _ classifier: Classifier
    ) async throws -> [[Float]] {
        var maps = [[Float]](repeating: [], count: examples.count)
        for label in 0..<2 {
            let places = examples.indices.filter { self.label(of: examples[$0], model) == label }
            guard !places.isEmpty else { continue }
            let batch = try NetworkScoring.stacked(places.map { prepared[$0].tensor })
            let values = try await classifier.gradCAM(batch, label: label).floats()
            let size = values.count / places.count
            for (index, place) in places.enumerated() { maps[place] = Array(values[index * size..<(index + 1) * size]) }
        }
        return maps
    }

    private func measures(
        _ examples: [Example], _ model: OpenedModel, _ classifier: Classifier
    ) async throws -> [HeatShare] {
        var shares: [HeatShare] = []
        for start in stride(from: 0, to: examples.count, by: Self.batch) {
            let part = Array(examples[start..<min(start + Self.batch, examples.count)])
            let prepared = try inputs.inputs(of: part, for: model.inputDescription, wantsMasks: true)
            guard prepared.contains(where: { $0.mask != nil }) else { return [] }
            for (input, map) in zip(prepared, try await maps(part, prepared, model, classifier)) {
                if let mask = input.mask { shares.append(HeatShare(heat: map, mask: mask.floats())) }
            }
        }
        return shares
    }

    private func randomization(
        _ examples: [Example], _ model: OpenedModel, _ classifier: Classifier, _ executor: ComputeExecutor
    ) async throws -> [ExplanationFigure.Step] {
        guard !examples.isEmpty else { return [] }
        let prepared = try inputs.inputs(of: examples, for: model.inputDescription, wantsMasks: false)
        let extents = Array(prepared[0].tensor.shape.dropFirst())
        let own = try await maps(examples, prepared, model, classifier)
        let randomization = WeightRandomization(model.folder)
        var steps: [ExplanationFigure.Step] = []
        for (index, part) in randomization.parts.enumerated() {
            let drawn = try Classifier(
                model: try randomization.model(parts: index + 1), settings: settings,
                executor: executor)
            let others = try await maps(examples, prepared, model, drawn)
            let similarities = zip(own, others).map { MapSimilarity($0, $1, extents: extents) }
            let count = Double(similarities.count)
            steps.append(
                ExplanationFigure.Step(
                    layer: part.name,
                    rankCorrelation: similarities.reduce(0) { $0 + $1.rankCorrelation } / count,
                    structuralSimilarity: similarities.reduce(0) { $0 + $1.structuralSimilarity } / count))
        }
        return steps
    }

    private func picture(
        _ example: Example, _ kind: CasePicture.Kind, _ model: OpenedModel, _ score: SystemScores, _ cohort: Cohort,
        _ classifier: Classifier
    ) async throws -> CasePicture {
        let description = model.inputDescription
        let prepared = try inputs.inputs(of: [example], for: description, wantsMasks: true)
        let map = try await maps([example], prepared, model, classifier)[0]
        let heat = try Tensor(shape: Array(prepared[0].tensor.shape.dropFirst()), floats: map)
        let channel = description.input.sequences.firstIndex(of: .t1ce) ?? 0
        let value = score.scores[example.id] ?? 0
        let share = prepared[0].mask.flatMap { HeatShare(heat: map, mask: $0.floats()).inside }
        return CasePicture(
            system: model.system, task: model.role, cohort: cohort, kind: kind, id: example.id,
            truth: example.outcome.rawValue,
            probability: model.role.label(of: example.outcome) == 1 ? value : 1 - value,
            inside: share, png: try PatchPicture(prepared[0], heat: heat, channel: channel).png())
    }
}

import Classifiers
package import Contracts
import Datasets
import NeuralNetwork

extension Recipe {
    /// Reads a recipe from its keys.
    ///
    /// - Throws: ``RecipeError`` naming every unknown key and every value that cannot be used, with its line.
    init(_ tree: RecipeNode, name: String) throws(RecipeError) {
        let problems = RecipeProblems()
        let whole = RecipeSection(tree, place: tree.place, problems: problems)
        if !whole.has("task") {
            whole.complain(
                "task: expected one of \(ClassifierRole.allCases.map(\.rawValue).joined(separator: ", ")), found none")
        }
        self.name = whole.text("name", name)
        let task = whole.choice("task", ClassifierRole.lungVersusNonLung)
        self.task = task
        data = Self.data(whole.section("data"), task)
        (input, mean) = Self.input(whole.section("input"), task)
        architecture = Self.network(whole.section("network"), task, input.sequences.count)
        start = Self.start(whole.section("start"))
        attention = Self.attention(whole.section("attention"), architecture)
        augmentation = Self.augmentation(whole.section("augmentation"), task)
        training = Self.training(whole.section("training"), task)
        trust = Self.trust(whole.section("trust"), isThere: whole.has("trust"))
        model = Self.model(whole.section("model"))
        // Read by others: RecipeFile joins the base, RecipeGrid makes the sweep's runs.
        _ = whole.node("base")
        _ = whole.node("sweep")
        whole.close()
        for problem in contradictions(at: tree) { problems.add(problem.place, problem.text) }
        guard problems.list.isEmpty else { throw RecipeError(problems.list) }
    }

    /// What single keys do not show.
    private func contradictions(at tree: RecipeNode) -> [RecipeProblem] {
        var found: [RecipeProblem] = []
        func complain(_ key: String, _ text: String) {
            let parts = key.split(separator: ".").map(String.init)
            let node = parts.reduce(Optional(tree)) { $0?[$1] }
            found.append(RecipeProblem((node ?? tree).place, "\(key): \(text)"))
        }
        let rank = architecture.spatialRank
        if input.size.count != rank {
            complain("input.size", "expected \(rank) numbers for this network, found \(input.size)")
        }
        if input.spacing.count != rank {
            complain("input.spacing", "expected \(rank) numbers for this network, found \(input.spacing)")
        }
        if (task == .nodeStatus) != (rank == 2) {
            complain("network.kind", "lymph nodes are classified by inception-v3, brain metastases by resnet3d")
        }
        do {
            let graph = try architecture.graph(forTraining: training.auxiliaryWeight > 0)
            if input.size.count == rank { _ = try graph.shapes(of: Extent(input.size.reversed())) }
            if attention.isEnabled, graph.taps[attention.layer] == nil {
                complain("attention.layer", "the network has no \(attention.layer); it has \(graph.tapNames)")
            }
            if let layer = model.gradCAMLayer, graph.taps[layer] == nil {
                complain("model.gradCAMLayer", "the network has no \(layer); it has \(graph.tapNames)")
            }
        } catch {
            complain("network", "\(error)")
        }
        if attention.isEnabled, task == .nodeStatus {
            complain("attention.enabled", "cut-outs have no mask to draw attention to")
        }
        if attention.isEnabled, attention.erasure > 0, start.frozenConvolutions > 0 {
            complain("attention.erasure", "needs a first convolution that learns: start.freeze must be none")
        }
        return found
    }

    private static func data(_ section: RecipeSection, _ task: ClassifierRole) -> DataSettings {
        defer { section.close() }
        // Jiao et al.: 285, 122 and 42 of 449 lesions. Li et al.: 80 and 20 %.
        let standard: [Cohort: Double] =
            task == .nodeStatus
            ? [.training: 0.8, .testing: 0.2, .independent: 0]
            : [.training: 285.0 / 449, .testing: 122.0 / 449, .independent: 42.0 / 449]
        var fractions = standard
        let shares = section.section("fractions")
        if section.node("fractions") != nil {
            for cohort in Cohort.allCases { fractions[cohort] = shares.number(cohort.rawValue, 0, 0...1) }
            shares.close()
            let sum = Cohort.allCases.reduce(0) { $0 + (fractions[$1] ?? 0) }
            if abs(sum - 1) > 1e-6 { shares.complain("data.fractions: expected shares that add up to 1, found \(sum)") }
        }
        return DataSettings(
            folder: section.optionalText("folder"), split: section.optionalText("split"),
            splitBy: section.choice("splitBy", .patient), fractions: fractions, seed: section.seed("seed", 1),
            missingSequences: section.choice("missingSequences", .reject),
            storage: section.choice("storage", .automatic))
    }

    private static func input(_ section: RecipeSection, _ task: ClassifierRole) -> (ModelInput, Mean) {
        defer { section.close() }
        let standard = task.defaultInput
        let sequences = section.value(
            "sequences", task.defaultSequences, expected: "some of T1, T2, FLAIR, DWI, T1CE, each once"
        ) { node -> [MRSequence]? in
            guard case .list(let list) = node.value, !list.isEmpty else { return nil }
            let sequences = list.compactMap { RecipeSection.text($0).flatMap(MRSequence.init(rawValue:)) }
            return sequences.count == list.count && Set(sequences).count == list.count ? sequences : nil
        }
        let rank = standard.size.count
        let (normalization, mean) = normalization(section.section("normalization"), standard.normalization, task)
        let input = ModelInput(
            sequences: sequences,
            spacing: section.numbers("spacing", standard.spacing, 0.05...20, counts: rank...rank) ?? standard.spacing,
            size: section.integers("size", standard.size, 8...512, counts: rank...rank) ?? standard.size,
            normalization: normalization)
        return (input, mean)
    }

    private static func normalization(
        _ section: RecipeSection, _ standard: ModelNormalization, _ task: ClassifierRole
    ) -> (ModelNormalization, Mean) {
        defer { section.close() }
        func word(_ key: String, _ standard: String?, _ words: [String]) -> String? {
            section.value(key, standard, expected: "one of \(words.joined(separator: ", "))") { node -> String?? in
                RecipeSection.text(node).flatMap { words.contains($0) ? .some($0) : nil }
            }
        }
        var result = ModelNormalization(
            method: word("method", standard.method, ["none", "z-score", "min-max"]) ?? standard.method,
            measured: word("measured", standard.measured, ["head", "otsu", "nonzero", "all"]),
            lowerPercentile: section.optionalNumber("lowerPercentile", 0...100),
            upperPercentile: section.optionalNumber("upperPercentile", 0...100),
            clip: section.optionalNumber("clip", 0...100, isPositive: true))
        var mean = Mean.pixel
        if task == .nodeStatus {
            mean = section.choice("mean", .pixel)
            // Twice what is left of 0 to 1 is as wide as what ImageNet's networks are fed.
            result.scale = section.number("scale", 2, 0...1000, isPositive: true)
        } else {
            let steps = section.list("steps").map { node in
                let step = RecipeSection(
                    node, path: "\(section.path).steps", place: node.place, problems: section.problems)
                defer { step.close() }
                return PreparationStep(
                    name: step.text("name", ""), when: step.optionalText("when"),
                    shrinkFactor: step.has("shrinkFactor") ? step.integer("shrinkFactor", 2, 1...16) : nil,
                    iterations: step.integers("iterations", nil, 0...1000, counts: 1...8),
                    convergenceThreshold: step.optionalNumber("convergenceThreshold", 0...1))
            }
            if !steps.isEmpty { result.steps = steps }
        }
        return (result, mean)
    }

    private static func network(_ section: RecipeSection, _ task: ClassifierRole, _ channels: Int) -> Architecture {
        defer { section.close() }
        enum Kind: String, CaseIterable {
            case resnet3d
            case inception = "inception-v3"
        }
        let kind = section.choice("kind", task == .nodeStatus ? Kind.inception : .resnet3d)
        let width = section.number("widthMultiplier", 1, 0...8, isPositive: true)
        switch kind {
        case .resnet3d:
            var network = ResNet3D(
                depth: section.integer("depth", 18, 6...18), inputChannels: channels,
                classes: section.integer("outputs", 2, 1...2))
            network.widthMultiplier = width
            network.stemStride =
                section.integers("stemStride", network.stemStride, 1...4, counts: 3...3) ?? network.stemStride
            network.maxPool = section.flag("maxPool", true)
            network.shortcut = section.value("shortcut", .projection, expected: "A or B") {
                RecipeSection.text($0).flatMap(ResNet3D.Shortcut.init(rawValue:))
            }
            network.shortcutBias = section.flag("shortcutBias", false)
            network.dilation = section.integers("dilation", nil, 1...16, counts: 2...4)
            return .resnet3D(network)
        case .inception:
            var network = InceptionV3(classes: section.integer("outputs", 1, 1...2))
            network.widthMultiplier = width
            network.transformInput = section.flag("transformInput", false)
            network.averagePoolCountsPadding = section.flag("averagePoolCountsPadding", true)
            network.lastBlockPool = section.value("lastBlockPool", .average, expected: "average or maximum") {
                RecipeSection.text($0).flatMap(InceptionV3.LastBlockPool.init(rawValue:))
            }
            return .inceptionV3(network)
        }
    }

    private static func start(_ section: RecipeSection) -> StartSettings {
        defer { section.close() }
        return StartSettings(
            checkpoint: section.optionalText("checkpoint"), keepsHead: section.flag("keepHead", false),
            frozenConvolutions: section.value("freeze", 0, expected: "none, or how many convolutions, up to 200") {
                let text = RecipeSection.text($0)
                return text == "none" ? 0 : text.flatMap { Int($0) }.flatMap { (0...200).contains($0) ? $0 : nil }
            })
    }

    private static func attention(_ section: RecipeSection, _ architecture: Architecture) -> AttentionSettings {
        defer { section.close() }
        return AttentionSettings(
            isEnabled: section.flag("enabled", false),
            layer: section.text("layer", architecture.defaultGradCAMLayer),
            slope: section.number("slope", 30, 0...1000, isPositive: true),
            threshold: section.number("threshold", 0.6, 0...1),
            weight: section.number("weight", 0.5, 0...1000), erasure: section.number("erasure", 0, 0...1000))
    }

    private static func augmentation(_ section: RecipeSection, _ task: ClassifierRole) -> AugmentationSettings {
        defer { section.close() }
        let isFlat = task == .nodeStatus
        let axes: [AugmentationSettings.Axis] = isFlat ? [.x, .y] : [.x, .y, .z]
        let flips = section.value(
            "flips", Set(axes), expected: "a list of \(axes.map(\.rawValue).joined(separator: ", "))"
        ) { node -> Set<AugmentationSettings.Axis>? in
            guard case .list(let list) = node.value else { return nil }
            let found = list.compactMap { RecipeSection.text($0).flatMap(AugmentationSettings.Axis.init(rawValue:)) }
            return found.count == list.count && found.allSatisfy(axes.contains) ? Set(found) : nil
        }
        return AugmentationSettings(
            isEnabled: section.flag("enabled", true), flips: flips,
            rotation: section.number("rotation", isFlat ? 180 : 10, 0...180),
            scaling: section.number("scaling", isFlat ? 0 : 0.1, 0...0.5),
            intensityShift: section.number("intensityShift", isFlat ? 0 : 0.1, 0...10),
            intensityScaling: section.number("intensityScaling", isFlat ? 0 : 0.1, 0...0.9),
            noise: section.number("noise", isFlat ? 0.05 : 0.1, 0...10))
    }

    private static func model(_ section: RecipeSection) -> ModelSettings {
        defer { section.close() }
        let threshold = section.value("threshold", nil, expected: "youden, or a number of 0 to 1") { node -> Double?? in
            if RecipeSection.text(node) == "youden" { return .some(nil) }
            return RecipeSection.number(node).flatMap { (0...1).contains($0) ? .some($0) : nil }
        }
        return ModelSettings(
            threshold: threshold, version: section.text("version", "1.0.0"),
            gradCAMLayer: section.optionalText("gradCAMLayer"), weights: section.choice("weights", .float32),
            intendedUse: section.optionalText("intendedUse"))
    }
}

extension ClassifierRole {
    /// The best single sequence of Jiao et al. for each of their questions.
    package var defaultSequences: [MRSequence] {
        switch self {
        case .lungVersusNonLung: [.t1]
        case .sclcVersusNSCLC: [.dwi]
        case .bcVersusGIC: [.t1ce]
        case .nodeStatus: [.t2]
        }
    }
}

import Contracts

extension Recipe {
    /// The key `training`.
    static func training(_ section: RecipeSection, _ task: ClassifierRole) -> LearningSettings {
        defer { section.close() }
        let isFlat = task == .nodeStatus
        return LearningSettings(
            epochs: section.integer("epochs", isFlat ? 200 : 100, 1...1_000_000),
            batch: section.integer("batch", isFlat ? 64 : 8, 1...4096),
            seed: section.seed("seed", 1),
            optimizer: optimizer(section.section("optimizer"), isFlat: isFlat),
            schedule: schedule(section.section("schedule"), isFlat: isFlat),
            classWeights: classWeights(section, isFlat ? .none : .balanced),
            auxiliaryWeight: isFlat ? section.number("auxiliaryWeight", 0, 0...10) : 0,
            statisticsMomentum: section.number("statisticsMomentum", 0.1, 0...1),
            dropout: isFlat ? section.number("dropout", 0.5, 0...0.95) : 0,
            earlyStopping: earlyStopping(section.section("earlyStopping")),
            precision: section.choice("precision", .automatic),
            checkpointSeconds: section.number("checkpointSeconds", 60, 0...86_400))
    }

    /// Li et al.: SGD, 1e-4, momentum 0.95, decay 1e-6. For the lesions the paper gives none: AdamW is ours.
    private static func optimizer(_ section: RecipeSection, isFlat: Bool) -> LearningSettings.Optimizer {
        defer { section.close() }
        let kind = section.choice("kind", isFlat ? LearningSettings.OptimizerKind.sgd : .adamw)
        let isSGD = kind == .sgd
        return LearningSettings.Optimizer(
            kind: kind,
            learningRate: section.number("learningRate", isSGD ? (isFlat ? 1e-4 : 1e-3) : 5e-4, 0...100),
            momentum: isSGD ? section.number("momentum", isFlat ? 0.95 : 0.9, 0...1) : 0,
            isNesterov: isSGD ? section.flag("nesterov", false) : false,
            weightDecay: section.number("weightDecay", isSGD ? (isFlat ? 0 : 1e-3) : 0.01, 0...10),
            decay: isSGD ? section.number("decay", isFlat ? 1e-6 : 0, 0...10) : 0,
            beta1: isSGD ? 0.9 : section.number("beta1", 0.9, 0...0.999999),
            beta2: isSGD ? 0.999 : section.number("beta2", 0.999, 0...0.999999),
            epsilon: isSGD ? 1e-8 : section.number("epsilon", 1e-8, 0...1))
    }

    private static func schedule(_ section: RecipeSection, isFlat: Bool) -> LearningRateSchedule {
        defer { section.close() }
        return LearningRateSchedule(
            kind: section.choice("kind", isFlat ? LearningRateSchedule.Kind.constant : .cosine),
            warmupEpochs: section.integer("warmupEpochs", isFlat ? 0 : 1, 0...1000),
            every: section.integer("every", 30, 1...1_000_000), factor: section.number("factor", 0.1, 0...1),
            final: section.number("final", 0.01, 0...1))
    }

    private static func earlyStopping(_ section: RecipeSection) -> LearningSettings.EarlyStopping {
        defer { section.close() }
        return LearningSettings.EarlyStopping(
            watch: section.choice("watch", .auc), patience: section.integer("patience", 0, 0...1_000_000))
    }

    private static func classWeights(
        _ section: RecipeSection, _ standard: LearningSettings.ClassWeights
    ) -> LearningSettings.ClassWeights {
        section.value("classWeights", standard, expected: "none, balanced, or two numbers above 0") { node in
            switch RecipeSection.text(node) {
            case "none": return LearningSettings.ClassWeights.none
            case "balanced": return .balanced
            default: break
            }
            guard case .list(let list) = node.value, list.count == 2 else { return nil }
            let numbers = list.compactMap(RecipeSection.number).filter { $0 > 0 && $0 <= 1e6 }
            return numbers.count == 2 ? .given(negative: numbers[0], positive: numbers[1]) : nil
        }
    }
}

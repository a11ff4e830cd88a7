internal import Contracts
internal import Datasets
internal import Digests
internal import NeuralNetwork

extension Recipe {
    /// The whole recipe as YAML, defaults written out: what lies beside the model, and what is digested. Reading it gives
    /// the same recipe.
    package var text: String {
        var lines = ["# Research use only. Not for diagnosis.", "name: \(Self.quoted(name))", "task: \(task.rawValue)"]
        lines.append("data:")
        if let folder = data.folder { lines.append("  folder: \(Self.quoted(folder))") }
        if let split = data.split { lines.append("  split: \(Self.quoted(split))") }
        let shares = Cohort.allCases.map { "\($0.rawValue): \(data.fractions[$0] ?? 0)" }.joined(separator: ", ")
        lines += [
            "  splitBy: \(data.splitBy.rawValue)", "  fractions: {\(shares)}", "  seed: \(data.seed)",
            "  missingSequences: \(data.missingSequences.rawValue)", "  storage: \(data.storage.rawValue)",
        ]
        lines += inputLines + networkLines
        lines.append("start:")
        if let checkpoint = start.checkpoint { lines.append("  checkpoint: \(Self.quoted(checkpoint))") }
        lines += [
            "  keepHead: \(start.keepsHead)",
            "  freeze: \(start.frozenConvolutions == 0 ? "none" : "\(start.frozenConvolutions)")",
            "attention:", "  enabled: \(attention.isEnabled)", "  layer: \(Self.quoted(attention.layer))",
            "  slope: \(attention.slope)", "  threshold: \(attention.threshold)", "  weight: \(attention.weight)",
        ]
        // Left out where it is not wanted, so that older recipes keep their digest.
        if attention.erasure > 0 { lines.append("  erasure: \(attention.erasure)") }
        lines += [
            "augmentation:", "  enabled: \(augmentation.isEnabled)",
            "  flips: [\(augmentation.flips.map(\.rawValue).sorted().joined(separator: ", "))]",
            "  rotation: \(augmentation.rotation)", "  scaling: \(augmentation.scaling)",
            "  intensityShift: \(augmentation.intensityShift)",
            "  intensityScaling: \(augmentation.intensityScaling)", "  noise: \(augmentation.noise)",
        ]
        lines += trainingLines
        if trust.isEnabled { lines.append(trust.line) }
        lines += ["model:", "  threshold: \(model.threshold.map { "\($0)" } ?? "youden")"]
        lines.append("  version: \(Self.quoted(model.version))")
        if model.weights != .float32 { lines.append("  weights: \(model.weights.rawValue)") }
        if let use = model.intendedUse { lines.append("  intendedUse: \(Self.quoted(use))") }
        if let layer = model.gradCAMLayer { lines.append("  gradCAMLayer: \(Self.quoted(layer))") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// SHA-256 of everything that decides what is learned; name, places of data and checkpoint, how often states are
    /// written, how weights are stored and what is fitted after training do not.
    package var digest: String {
        var bare = self
        bare.name = ""
        bare.data.folder = nil
        bare.data.split = nil
        bare.start.checkpoint = nil
        bare.training.checkpointSeconds = 0
        bare.trust = .none
        bare.model.weights = .float32
        bare.model.intendedUse = nil
        return Digest.sha256Hex(Array(bare.text.utf8))
    }

    private var inputLines: [String] {
        let normalization = input.normalization
        var words = ["method: \(normalization.method)"]
        if let measured = normalization.measured { words.append("measured: \(measured)") }
        let numbers: [(String, Double?)] = [
            ("lowerPercentile", normalization.lowerPercentile), ("upperPercentile", normalization.upperPercentile),
            ("clip", normalization.clip), ("scale", normalization.scale),
        ]
        if mean != .pixel { words.append("mean: \(mean.rawValue)") }
        for (key, value) in numbers { if let value { words.append("\(key): \(value)") } }
        if let steps = normalization.steps {
            let texts = steps.map { step -> String in
                var words = ["name: \(step.name)"]
                if let when = step.when { words.append("when: \(when)") }
                if let factor = step.shrinkFactor { words.append("shrinkFactor: \(factor)") }
                if let iterations = step.iterations { words.append("iterations: \(iterations)") }
                if let threshold = step.convergenceThreshold { words.append("convergenceThreshold: \(threshold)") }
                return "{\(words.joined(separator: ", "))}"
            }
            words.append("steps: [\(texts.joined(separator: ", "))]")
        }
        return [
            "input:", "  sequences: [\(input.sequences.map(\.rawValue).joined(separator: ", "))]",
            "  size: \(input.size)", "  spacing: \(input.spacing)",
            "  normalization: {\(words.joined(separator: ", "))}",
        ]
    }

    private var networkLines: [String] {
        var lines = ["network:", "  kind: \(architecture.kind)"]
        switch architecture {
        case .resnet3D(let network):
            lines += [
                "  depth: \(network.depth)", "  outputs: \(network.classes)",
                "  widthMultiplier: \(network.widthMultiplier)", "  stemStride: \(network.stemStride)",
                "  maxPool: \(network.maxPool)", "  shortcut: \(network.shortcut.rawValue)",
                "  shortcutBias: \(network.shortcutBias)",
            ]
            if let dilation = network.dilation { lines.append("  dilation: \(dilation)") }
        case .inceptionV3(let network):
            lines += [
                "  outputs: \(network.classes)", "  widthMultiplier: \(network.widthMultiplier)",
                "  transformInput: \(network.transformInput)",
                "  averagePoolCountsPadding: \(network.averagePoolCountsPadding)",
                "  lastBlockPool: \(network.lastBlockPool.rawValue)",
            ]
        }
        return lines
    }

    private var trainingLines: [String] {
        let optimizer = training.optimizer
        var words = ["kind: \(optimizer.kind.rawValue)", "learningRate: \(optimizer.learningRate)"]
        switch optimizer.kind {
        case .sgd:
            words += [
                "momentum: \(optimizer.momentum)", "nesterov: \(optimizer.isNesterov)", "decay: \(optimizer.decay)",
            ]
        case .adamw:
            words += ["beta1: \(optimizer.beta1)", "beta2: \(optimizer.beta2)", "epsilon: \(optimizer.epsilon)"]
        }
        words.append("weightDecay: \(optimizer.weightDecay)")
        let weights =
            switch training.classWeights {
            case .none: "none"
            case .balanced: "balanced"
            case .given(let negative, let positive): "[\(negative), \(positive)]"
            }
        let schedule = training.schedule
        var lines = [
            "training:", "  epochs: \(training.epochs)", "  batch: \(training.batch)", "  seed: \(training.seed)",
            "  optimizer: {\(words.joined(separator: ", "))}",
            "  schedule: {kind: \(schedule.kind.rawValue), warmupEpochs: \(schedule.warmupEpochs), "
                + "every: \(schedule.every), factor: \(schedule.factor), final: \(schedule.final)}",
            "  classWeights: \(weights)",
        ]
        if task == .nodeStatus {
            lines += ["  auxiliaryWeight: \(training.auxiliaryWeight)", "  dropout: \(training.dropout)"]
        }
        return lines + [
            "  statisticsMomentum: \(training.statisticsMomentum)",
            "  earlyStopping: {watch: \(training.earlyStopping.watch.rawValue), "
                + "patience: \(training.earlyStopping.patience)}",
            "  precision: \(training.precision.rawValue)", "  checkpointSeconds: \(training.checkpointSeconds)",
        ]
    }

    /// A word in double quotes, as JSON writes it, which YAML reads.
    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case _ where scalar.value < 32: "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}

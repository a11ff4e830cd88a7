/// `region.classified`: what the networks say of one region.
package struct RegionClassified: EventPayload, Equatable {
    package static let event = "region.classified"

    package var runID: String
    package var task: ClinicalTask
    package var regionID: String
    /// The nodes that were asked, in the order of the decision.
    package var decisionPath: [NodeDecision]
    /// Over the leaves; sums to one.
    package var probabilities: [String: Double]
    /// `sclc`, `nsclc`, `bc`, `gic`, `positive`, `negative` or `indeterminate`.
    package var label: String
    /// Why there is no decision, or only a part of one.
    package var abstained: Abstention?
    /// Over the leaves; absent where the first node's model gives none, or the region lies outside of what it knows.
    package var labelSet: LabelSet?
    package var models: [ModelUsed]
    package var timing: [String: Double]

    package init(
        runID: String, task: ClinicalTask, regionID: String, decisionPath: [NodeDecision],
        probabilities: [String: Double], label: String, abstained: Abstention?, models: [ModelUsed],
        timing: [String: Double], labelSet: LabelSet? = nil
    ) {
        self.runID = runID
        self.task = task
        self.regionID = regionID
        self.decisionPath = decisionPath
        self.probabilities = probabilities
        self.label = label
        self.abstained = abstained
        self.models = models
        self.timing = timing
        self.labelSet = labelSet
    }
}

/// One step of the decision.
package struct NodeDecision: Codable, Sendable, Equatable {
    /// `lung-vs-non-lung`, `sclc-vs-nsclc`, `bc-vs-gic` or `node-status`.
    package var node: String
    /// Absent when the node abstained.
    package var label: String?
    /// Probability of the node's positive label.
    package var probability: Double?
    package var threshold: Double?
    package var abstained: Abstention?
    package var heatmap: Heatmap?
    /// Of the node's own two labels.
    package var labelSet: LabelSet?
    package var outOfDistribution: OutOfDistributionFinding?

    package init(
        node: String, label: String?, probability: Double?, threshold: Double?, abstained: Abstention? = nil,
        heatmap: Heatmap? = nil, labelSet: LabelSet? = nil, outOfDistribution: OutOfDistributionFinding? = nil
    ) {
        self.node = node
        self.label = label
        self.probability = probability
        self.threshold = threshold
        self.abstained = abstained
        self.heatmap = heatmap
        self.labelSet = labelSet
        self.outOfDistribution = outOfDistribution
    }
}

/// Why no answer is given.
package struct Abstention: Codable, Sendable, Equatable {
    package var code: ReasonCode
    package var reason: String

    package init(code: ReasonCode, reason: String) {
        self.code = code
        self.reason = reason
    }
}

/// Where a network looked: Grad-CAM in [0, 1] on the patch's grid, as a tensor in the store or as a file.
package struct Heatmap: Codable, Sendable, Equatable {
    /// The class that is explained.
    package var label: String
    package var layer: String
    package var tensor: TensorReference?
    /// `file:…`, relative to the aggregation's heat-map folder.
    package var file: String?
    /// Heat-map voxel to RAS+ world, mm, 4×4 row by row.
    package var affine: [Double]

    package init(label: String, layer: String, tensor: TensorReference?, file: String?, affine: [Double]) {
        self.label = label
        self.layer = layer
        self.tensor = tensor
        self.file = file
        self.affine = affine
    }
}

/// The model that answered, pinned by its weights' digest.
package struct ModelUsed: Codable, Sendable, Equatable {
    package var role: String
    package var name: String
    package var version: String
    package var weightsSHA256: String
    package var intendedUse: String
    /// How its probabilities were calibrated: `temperature` or `platt`; absent where they were not.
    package var calibration: String?

    package init(
        role: String, name: String, version: String, weightsSHA256: String, intendedUse: String,
        calibration: String? = nil
    ) {
        self.role = role
        self.name = name
        self.version = version
        self.weightsSHA256 = weightsSHA256
        self.intendedUse = intendedUse
        self.calibration = calibration
    }
}

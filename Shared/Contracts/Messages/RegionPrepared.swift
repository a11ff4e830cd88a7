/// `region.prepared`: a region's patches lie in the store, ready for the networks.
package struct RegionPrepared: EventPayload, Equatable {
    package static let event = "region.prepared"

    package var runID: String
    package var studyInstanceUID: String
    package var task: ClinicalTask
    package var regionID: String
    package var patches: [PreparedPatch]
    package var missingSequences: MissingSequencesPolicy
    /// Sequences that are not to be used for this region, though a patch may hold them.
    package var withheld: [WithheldSequence]?
    /// Why no network is to be asked; absent when they are.
    package var abstained: Abstention?
    package var deadline: Double
    package var timing: [String: Double]

    package init(
        runID: String, studyInstanceUID: String, task: ClinicalTask, regionID: String, patches: [PreparedPatch],
        missingSequences: MissingSequencesPolicy, withheld: [WithheldSequence]? = nil, abstained: Abstention? = nil,
        deadline: Double, timing: [String: Double]
    ) {
        self.runID = runID
        self.studyInstanceUID = studyInstanceUID
        self.task = task
        self.regionID = regionID
        self.patches = patches
        self.missingSequences = missingSequences
        self.withheld = withheld
        self.abstained = abstained
        self.deadline = deadline
        self.timing = timing
    }
}

/// A sequence whose series is not good enough.
package struct WithheldSequence: Codable, Sendable, Equatable {
    package var sequence: MRSequence
    package var reason: String

    package init(sequence: MRSequence, reason: String) {
        self.sequence = sequence
        self.reason = reason
    }
}

/// One tensor made as some networks want it: `[C, D, H, W]` for patches, `[C, H, W]` for cut-outs.
package struct PreparedPatch: Codable, Sendable, Equatable {
    /// Names spacing, size and normalization; networks with the same specification share the patch.
    package var specification: String
    /// What each channel shows, in order. A lymph-node cut-out's three channels repeat its one sequence.
    package var sequences: [MRSequence]
    /// Patch voxel to RAS+ world, mm, 4×4 row by row, over (x, y, z) = (W, H, D).
    package var affine: [Double]
    package var tensor: TensorReference

    package init(specification: String, sequences: [MRSequence], affine: [Double], tensor: TensorReference) {
        self.specification = specification
        self.sequences = sequences
        self.affine = affine
        self.tensor = tensor
    }
}

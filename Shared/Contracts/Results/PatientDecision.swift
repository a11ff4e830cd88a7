/// What regions say of their patient: the rules that `patient.rule` names, for services and for evaluations alike.
package enum PatientDecision {
    /// The leaves of the hierarchy, in the order in which they are listed.
    package static let origins = ["sclc", "nsclc", "bc", "gic"]

    /// One region's word.
    package struct Voice: Sendable, Equatable {
        package let label: String
        /// Over the leaves; a branch that was not evaluated leaves its mass with `lung` or `non-lung`.
        package let probabilities: [String: Double]

        package init(label: String, probabilities: [String: Double]) {
            self.label = label
            self.probabilities = probabilities
        }
    }

    /// The mean over the regions that have probabilities, key by key, walked down the hierarchy: first the heavier
    /// branch, then its heavier leaf. The patient's finding so never leaves the way that the regions' decisions take;
    /// a single region's own decision, by its models' thresholds, is the patient's.
    ///
    /// A region whose branch could not be evaluated has mass on `lung` or `non-lung`; where that could turn the
    /// decision, no origin is named.
    ///
    /// - Parameter regions: of one patient.
    /// - Returns: a leaf, or nil where none can be named; and the mean.
    package static func origin(of regions: [Voice]) -> (leaf: String?, mean: [String: Double]) {
        let voices = regions.filter { !$0.probabilities.isEmpty }
        var mean: [String: Double] = [:]
        for voice in voices {
            for (key, probability) in voice.probabilities { mean[key, default: 0] += probability }
        }
        mean = mean.mapValues { $0 / Double(voices.count) }
        let leaf = voices.count == 1 ? origins.first { $0 == voices[0].label } : leadingLeaf(of: mean)
        return (leaf.flatMap { mean[$0] == nil ? nil : $0 }, mean)
    }

    /// Equal masses go to the earlier branch and leaf, so that the answer does not depend on hashing.
    private static func leadingLeaf(of mean: [String: Double]) -> String? {
        func mass(_ keys: [String]) -> Double { keys.reduce(0) { $0 + (mean[$1] ?? 0) } }
        let lung = mass(["lung", "sclc", "nsclc"]) >= mass(["non-lung", "bc", "gic"])
        let (branch, first, second) = lung ? ("lung", "sclc", "nsclc") : ("non-lung", "bc", "gic")
        let (one, other) = (mean[first] ?? 0, mean[second] ?? 0)
        guard one > 0 || other > 0, abs(one - other) >= mean[branch] ?? 0 else { return nil }
        return one >= other ? first : second
    }

    /// The probability that a patient has a positive node, as far as the nodes say it: the highest of theirs.
    ///
    /// - Parameter nodes: probabilities of `positive`.
    /// - Returns: nil without nodes.
    package static func nodalProbability(of nodes: [Double]) -> Double? { nodes.max() }
}

/// A step that a model wants done to each volume before its intensities are normalized: a member of
/// `input.normalization.steps`, carried out in order and named in the result with its version.
package struct PreparationStep: Codable, Sendable, Equatable {
    /// `registration`: a series is moved rigidly onto the series in whose world the regions lie. `n4`: the bias field
    /// is taken out.
    package var name: String
    /// Of `registration`: `moved` (the default; only where the patient moved
    /// between the series by more than half a mm or half a degree) or `always`.
    package var when: String?
    /// Of `n4`: every so manieth voxel along each axis is used; 2 by default.
    package var shrinkFactor: Int?
    /// Of `n4`: at most so many at each level; four times 50 by default.
    package var iterations: [Int]?
    /// Of `n4`: where a level ends; 0.001 by default.
    package var convergenceThreshold: Double?

    package init(
        name: String, when: String? = nil, shrinkFactor: Int? = nil, iterations: [Int]? = nil,
        convergenceThreshold: Double? = nil
    ) {
        self.name = name
        self.when = when
        self.shrinkFactor = shrinkFactor
        self.iterations = iterations
        self.convergenceThreshold = convergenceThreshold
    }

    /// Tells steps with other parameters apart.
    var text: String {
        let parameters = [
            when, shrinkFactor.map(String.init), iterations.map { $0.map(String.init).joined(separator: ".") },
            convergenceThreshold.map { "\($0)" },
        ]
        return ([name] + parameters.compactMap(\.self)).joined(separator: "-")
    }
}

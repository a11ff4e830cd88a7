package import Contracts

/// Where a series stops being good enough: `degraded` from the first number on, `unusable` from the second.
///
/// The numbers are ours: defaults to begin with, for a site to set by its own images.
package struct QualityThresholds: Codable, Sendable, Equatable {
    /// Signal-to-noise ratio: median foreground over the noise's standard deviation; below these.
    package var signalToNoise = Limits(degraded: 10, unusable: 3)
    /// Amplitude of ghosts as a share of the signal.
    package var ghosting = Limits(degraded: 0.15, unusable: 0.3)
    /// Share of the foreground at the largest value.
    package var saturation = Limits(degraded: 0.01, unusable: 0.2)
    /// Distance between slices in mm.
    package var sliceSpacing = Limits(degraded: 5, unusable: 20)
    /// Share of the slices that are copies or empty; a single one degrades. Slices that seem to be missing degrade, too,
    /// and no more than that.
    package var faultySlices = Limits(degraded: 0, unusable: 0.25)
    /// Share of a region's patch inside the series; below these.
    package var coverage = Limits(degraded: 0.5, unusable: 0)

    package struct Limits: Codable, Sendable, Equatable {
        package var degraded: Double
        package var unusable: Double

        package init(degraded: Double, unusable: Double) {
            self.degraded = degraded
            self.unusable = unusable
        }
    }

    package init() {}
}

/// Measures a series' quality from its voxels.
package struct SeriesExamination: Sendable {
    /// Slices on which noise and ghosts are measured.
    private static let sliceLimit = 12

    package let measures: SeriesMeasures
    /// Every voxel has the same value.
    package let isConstant: Bool

    /// Looks at a volume.
    ///
    /// - Parameters:
    ///   - volume: with slope and intercept.
    ///   - positionsAreKnown: whether each slice's own header has said where it lies, so that a missing one would have
    ///     been noticed; only otherwise are gaps looked for in the voxels.
    package init(_ volume: Volume, positionsAreKnown: Bool = false) {
        let statistics = IntensityStatistics(volume)
        let order = OrderStatistics(statistics.samples)
        let stack = AcquiredSlices(volume)
        let spacing = volume.spacing
        var measures = SeriesMeasures(
            sliceSpacingMM: spacing[stack.axis], inPlaneSpacingMM: max(spacing[stack.xAxis], spacing[stack.yAxis]))
        isConstant = (order?.lowest ?? 0) == (order?.highest ?? 0) && volume.perform(IsConstant())
        guard !isConstant, let order else {
            self.measures = measures
            return
        }
        let zeros = statistics.samples.count { $0 == 0 }
        // Where the background is masked to 0, all that is not is foreground.
        let isMasked = zeros * 5 >= statistics.samples.count
        let threshold = IntensityStatistics.otsuThreshold(statistics.samples)
        let foreground = isMasked ? max(0, order.lowest) : threshold
        let numbers = stack.numbers(limit: Self.sliceLimit, leaving: 0.15)
        if let noise = NoiseEstimate(numbers.map { stack.picture($0) }, foreground: foreground) {
            measures.noise = noise.sigma
            measures.signalToNoise = noise.sigma > 0 ? noise.signal / noise.sigma : nil
            if !isMasked {
                let coarse = max(1, max(stack.width, stack.height) / 96)
                measures.ghosting =
                    GhostEstimate(numbers.map { stack.picture($0, step: coarse) }, noise: noise, object: threshold)?
                    .amplitude
            }
        }
        measures.saturation = volume.perform(
            Saturation(shape: volume.shape, foreground: foreground, slope: volume.slope, intercept: volume.intercept))
        let faults = StackFaults(stack, foreground: foreground, positionsAreKnown: positionsAreKnown)
        measures.duplicateSlices = faults.duplicates
        measures.emptySlices = faults.empty
        measures.suspectedGaps = faults.gaps
        measures.slices = stack.count
        self.measures = measures
    }

    /// What it comes to.
    ///
    /// - Parameters:
    ///   - coverage: smallest share of a region's patch inside the series; nil where it is not asked.
    ///   - thresholds: where a series stops being good enough.
    /// - Returns: the worst of the codes, with every reason why it is not `ok`.
    package func verdict(
        coverage: Double? = nil, thresholds: QualityThresholds = QualityThresholds()
    ) -> (code: SeriesQuality.Code, reasons: [String]) {
        var verdict = Verdict()
        if isConstant { verdict.add(.unusable, "every voxel has the same value") }
        if let ratio = measures.signalToNoise {
            verdict.below(
                thresholds.signalToNoise, ratio, "signal-to-noise ratio \(Self.text(ratio)) is below")
        }
        if let ghosting = measures.ghosting {
            verdict.above(
                thresholds.ghosting, ghosting, "ghosts of \(Self.text(ghosting * 100)) % of the signal; limit",
                isShare: true)
        }
        if let saturation = measures.saturation {
            verdict.above(
                thresholds.saturation, saturation,
                "\(Self.text(saturation * 100)) % of the foreground at the largest value; limit", isShare: true)
        }
        verdict.above(
            thresholds.sliceSpacing, measures.sliceSpacingMM,
            "\(Self.text(measures.sliceSpacingMM)) mm from slice to slice; limit")
        let faulty = [
            ("repeats the slice before", "repeat the slice before", measures.duplicateSlices, true),
            ("is empty", "are empty", measures.emptySlices, true),
            (
                "seems to be followed by a missing one", "seem to be followed by a missing one",
                measures.suspectedGaps, false
            ),
        ]
        for (one, several, slices, isCertain) in faulty where !slices.isEmpty {
            // What only seems to be missing is a reason to look, not to refuse.
            let share = isCertain ? Double(slices.count) / Double(max(1, measures.slices ?? 1)) : 0
            let names = slices.prefix(8).map(String.init).joined(separator: ", ") + (slices.count > 8 ? ", …" : "")
            verdict.add(
                share > thresholds.faultySlices.unusable ? .unusable : .degraded,
                slices.count == 1 ? "slice \(names) \(one)" : "slices \(names) \(several)")
        }
        if let coverage, coverage < thresholds.coverage.degraded || coverage <= thresholds.coverage.unusable {
            verdict.add(
                coverage <= thresholds.coverage.unusable ? .unusable : .degraded,
                "only \(Int((coverage * 100).rounded())) % of a region's patch lies inside the series")
        }
        return (verdict.code, verdict.reasons)
    }

    private static func text(_ value: Double) -> String {
        let scaled = (abs(value) * 10).rounded()
        guard scaled < 1e9 else { return "\(value)" }
        return "\(value < 0 ? "-" : "")\(Int(scaled) / 10).\(Int(scaled) % 10)"
    }
}

private struct Verdict {
    var code = SeriesQuality.Code.ok
    var reasons: [String] = []

    mutating func add(_ worse: SeriesQuality.Code, _ reason: String) {
        if worse == .unusable || code == .ok { code = worse }
        reasons.append(reason)
    }

    mutating func below(_ limits: QualityThresholds.Limits, _ value: Double, _ reason: String) {
        if value < limits.unusable { return add(.unusable, "\(reason) \(limits.unusable)") }
        if value < limits.degraded { add(.degraded, "\(reason) \(limits.degraded)") }
    }

    mutating func above(
        _ limits: QualityThresholds.Limits, _ value: Double, _ reason: String, isShare: Bool = false
    ) {
        func text(_ limit: Double) -> String { isShare ? "\((limit * 1000).rounded() / 10) %" : "\(limit)" }
        if value > limits.unusable { return add(.unusable, "\(reason) \(text(limits.unusable))") }
        if value > limits.degraded { add(.degraded, "\(reason) \(text(limits.degraded))") }
    }
}

private struct IsConstant: VoxelWork {
    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) -> Bool {
        guard let first = voxels.first?.stored else { return true }
        return voxels.allSatisfy { $0.stored == first }
    }
}

/// The share of the foreground at the largest value of all, on every 2nd voxel along each axis; 0 where only a single
/// one is.
private struct Saturation: VoxelWork {
    let shape: [Int]
    let foreground: Float
    let slope: Double
    let intercept: Double

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) -> Double {
        let steps = shape.map { $0 >= 32 ? 2 : 1 }
        let (scale, shift) = (Float(slope), Float(intercept))
        var (count, highest, atHighest) = (0, -Float.infinity, 0)
        for k in stride(from: 0, to: shape[2], by: steps[2]) {
            for j in stride(from: 0, to: shape[1], by: steps[1]) {
                let row = shape[0] * (j + shape[1] * k)
                for i in stride(from: 0, to: shape[0], by: steps[0]) {
                    let value = voxels[row + i].stored * scale + shift
                    guard value > foreground else { continue }
                    count += 1
                    if value > highest { (highest, atHighest) = (value, 1) } else if value == highest { atHighest += 1 }
                }
            }
        }
        return atHighest < 2 ? 0 : Double(atHighest) / Double(count)
    }
}

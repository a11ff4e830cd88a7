/// Values by their rank, without sorting all of them: a histogram finds the few that matter, and those are sorted.
struct OrderStatistics {
    private static let bins = 1024

    let lowest: Float
    let highest: Float
    private let values: [Float]
    /// How many values lie in the bins before each bin.
    private let before: [Int]

    /// nil for no values.
    init?(_ values: [Float]) {
        guard var lowest = values.first else { return nil }
        var highest = lowest
        for value in values {
            lowest = min(lowest, value)
            highest = max(highest, value)
        }
        self.lowest = lowest
        self.highest = highest
        self.values = values
        guard highest > lowest else {
            before = []
            return
        }
        var counts = [Int](repeating: 0, count: Self.bins + 1)
        let scale = Float(Self.bins) / (highest - lowest)
        for value in values { counts[min(Int((value - lowest) * scale), Self.bins - 1) + 1] += 1 }
        for bin in 1...Self.bins { counts[bin] += counts[bin - 1] }
        before = counts
    }

    /// Linear between the two nearest ranks (NumPy's default); `percent` from 0 to 100.
    func percentile(_ percent: Double) -> Double {
        let position = min(max(percent, 0), 100) / 100 * Double(values.count - 1)
        let rank = Int(position)
        let low = Double(value(rank))
        guard rank + 1 < values.count else { return low }
        return low + (Double(value(rank + 1)) - low) * (position - Double(rank))
    }

    /// The value that would stand at `rank`, counted from 0, if all were sorted.
    private func value(_ rank: Int) -> Float {
        guard highest > lowest else { return lowest }
        // The last bin that begins at or before the rank and is not empty.
        var (low, high) = (0, Self.bins)
        while high - low > 1 {
            let middle = (low + high) / 2
            if before[middle] <= rank { low = middle } else { high = middle }
        }
        let scale = Float(Self.bins) / (highest - lowest)
        let inBin = values.filter { min(Int(($0 - lowest) * scale), Self.bins - 1) == low }.sorted()
        return inBin[rank - before[low]]
    }
}

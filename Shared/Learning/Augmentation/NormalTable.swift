internal import Statistics

/// Normal numbers by table: the quantiles of 4096 equal shares of probability, five of them for each random word.
/// Mean 0; the deviation is 0.99996 and no number lies beyond 3.67, which is as good as any for noise on an image.
enum NormalTable {
    static let count = 4096
    static let values: [Float] = (0..<count).map {
        Float(NormalDistribution.quantile((Double($0) + 0.5) / Double(count)))
    }
}

extension Orientation {
    /// An orientation by its three letters, for example `RAS`: for each voxel axis the end that it runs toward. Capitals
    /// do not matter.
    ///
    /// - Returns: nil unless each of R/L, A/P and S/I is there once; 48 codes are.
    package init?(code: String) {
        var axes: [Int] = []
        var positive: [Bool] = []
        for letter in code.uppercased() {
            switch letter {
            case "R", "L": axes.append(0)
            case "A", "P": axes.append(1)
            case "S", "I": axes.append(2)
            default: return nil
            }
            positive.append("RAS".contains(letter))
        }
        guard axes.sorted() == [0, 1, 2] else { return nil }
        self.init(worldAxes: axes, isPositive: positive)
    }

    /// All 48.
    package static let all: [Orientation] = {
        let permutations = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        return permutations.flatMap { axes in
            (0..<8).map { bits in
                Orientation(worldAxes: axes, isPositive: (0..<3).map { bits >> $0 & 1 == 0 })
            }
        }
    }()

    package static let ras = Orientation(worldAxes: [0, 1, 2], isPositive: [true, true, true])
    package static let lps = Orientation(worldAxes: [0, 1, 2], isPositive: [false, false, true])
}

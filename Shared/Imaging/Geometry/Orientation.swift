package import Contracts

/// Which way each voxel axis runs, as three of the letters R/L, A/P, S/I (the end that the axis runs toward).
package struct Orientation: Sendable, Equatable, CustomStringConvertible {
    /// For each voxel axis i, j, k: the world axis (0 right, 1 anterior, 2 superior) that it lies closest to.
    package let worldAxes: [Int]
    /// For each voxel axis: whether it runs toward the positive end (R, A, S).
    package let isPositive: [Bool]

    /// Each world axis is given to one voxel axis: of the six ways to do so, the one with the largest sum of
    /// direction cosines (so oblique volumes get a proper orientation as well).
    package init(_ affine: Affine) {
        let columns = [affine.first, affine.second, affine.third].map { $0 / max($0.length, .leastNormalMagnitude) }
        let permutations = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        var best = permutations[0]
        var bestSum = -1.0
        for permutation in permutations {
            let sum = (0..<3).reduce(0.0) { $0 + abs(columns[$1][permutation[$1]]) }
            if sum > bestSum + 1e-12 {
                best = permutation
                bestSum = sum
            }
        }
        worldAxes = best
        isPositive = (0..<3).map { columns[$0][best[$0]] >= 0 }
    }

    init(worldAxes: [Int], isPositive: [Bool]) {
        self.worldAxes = worldAxes
        self.isPositive = isPositive
    }

    /// The letters, for example `RAS` or `LAS`.
    package var description: String {
        let letters = [("R", "L"), ("A", "P"), ("S", "I")]
        return zip(worldAxes, isPositive).map { $1 ? letters[$0].0 : letters[$0].1 }.joined()
    }

    /// The voxel axis (0, 1, 2) that lies closest to a world axis (0 right, 1 anterior, 2 superior).
    package func voxelAxis(closestTo worldAxis: Int) -> Int { worldAxes.firstIndex(of: worldAxis) ?? worldAxis }

    /// The voxel axis along which one steps from slice to slice of a plane.
    package func sliceAxis(of plane: Plane) -> Int {
        switch plane {
        case .axial: voxelAxis(closestTo: 2)
        case .coronal: voxelAxis(closestTo: 1)
        case .sagittal: voxelAxis(closestTo: 0)
        }
    }
}

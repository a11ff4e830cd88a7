/// The 26-connected components of a mask: voxels that share a face, an edge or a corner belong together.
enum ConnectedComponents {
    /// Groups runs into components, by union-find over neighboring runs.
    ///
    /// - Parameters:
    ///   - runs: in file order (k slowest, then j, then start), no two of them touching within a row.
    ///   - shape: voxels along i, j, k.
    /// - Returns: the runs of each component, components in order of their first run.
    static func find(_ runs: [MaskRun], shape: [Int]) -> [[MaskRun]] {
        var parents = Array(runs.indices)
        let rows = rowStarts(runs, shape)

        func root(_ index: Int) -> Int {
            var index = index
            while parents[index] != index {
                parents[index] = parents[parents[index]]
                index = parents[index]
            }
            return index
        }
        func join(_ first: Int, _ second: Int) {
            let (a, b) = (root(first), root(second))
            // The earlier run stays the root, so that a component is known by its first run.
            if a < b { parents[b] = a } else { parents[a] = b }
        }

        for index in runs.indices {
            let run = runs[index]
            for (j, k) in [(run.j - 1, run.k), (run.j - 1, run.k - 1), (run.j, run.k - 1), (run.j + 1, run.k - 1)] {
                guard 0..<shape[1] ~= j, k >= 0 else { continue }
                let row = j + shape[1] * k
                var other = firstRun(endingAtOrAfter: run.start, in: rows[row]..<rows[row + 1], of: runs)
                while other < rows[row + 1], runs[other].start <= run.end {
                    join(other, index)
                    other += 1
                }
            }
        }
        var components: [[MaskRun]] = []
        var places = [Int](repeating: -1, count: runs.count)
        for index in runs.indices {
            let root = root(index)
            if places[root] < 0 {
                places[root] = components.count
                components.append([])
            }
            components[places[root]].append(runs[index])
        }
        return components
    }

    /// For each row (j + shape[1] · k) the index of its first run, and one more at the end.
    private static func rowStarts(_ runs: [MaskRun], _ shape: [Int]) -> [Int] {
        var counts = [Int](repeating: 0, count: shape[1] * shape[2] + 1)
        for run in runs { counts[run.j + shape[1] * run.k + 1] += 1 }
        for row in 1..<counts.count { counts[row] += counts[row - 1] }
        return counts
    }

    /// Runs of a row are in order, so the first one that reaches `start` is found by halving.
    private static func firstRun(endingAtOrAfter start: Int, in range: Range<Int>, of runs: [MaskRun]) -> Int {
        var low = range.lowerBound
        var high = range.upperBound
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].end >= start { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

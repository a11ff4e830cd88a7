import Contracts

/// A stretch of labelled voxels along the first axis: `start ..< end` in row (j, k).
package struct MaskRun: Sendable, Equatable {
    package let start: Int
    package let end: Int
    package let j: Int
    package let k: Int
    /// The label, at least 1.
    package let label: Int

    package init(start: Int, end: Int, j: Int, k: Int, label: Int) {
        self.start = start
        self.end = end
        self.j = j
        self.k = k
        self.label = label
    }

    package var count: Int { end - start }
}

/// A label map as runs, in the order of the file: thousands of runs instead of millions of voxels.
struct MaskRuns {
    /// Noise taken for a label map would make more.
    static let runLimit = 4_000_000

    let runs: [MaskRun]
    let shape: [Int]

    /// The runs of the mask whatever their labels: what touches within a row is one run, of label 1.
    var binary: [MaskRun] {
        var merged: [MaskRun] = []
        for run in runs {
            if let last = merged.last, last.end == run.start, last.j == run.j, last.k == run.k {
                merged[merged.count - 1] = MaskRun(start: last.start, end: run.end, j: run.j, k: run.k, label: 1)
            } else {
                merged.append(MaskRun(start: run.start, end: run.end, j: run.j, k: run.k, label: 1))
            }
        }
        return merged
    }

    /// - Throws: `image-format-unsupported` where a value is no whole number, is negative, or where runs are as many as
    ///   only an image, not a label map, has.
    init(_ volume: Volume, subject: String) throws(ImagingError) {
        shape = volume.shape
        switch volume.perform(
            FindRuns(shape: volume.shape, slope: Float(volume.slope), intercept: Float(volume.intercept)))
        {
        case .success(let runs):
            self.runs = runs
        case .failure(let fault):
            throw ImagingError(
                .imageFormatUnsupported, subject: subject,
                "expected a label map of whole numbers from 0 on, \(fault.reason); send the segmentation itself")
        }
    }
}

private struct LabelMapFault: Error {
    let reason: String
}

private struct FindRuns: VoxelWork {
    let shape: [Int]
    let slope: Float
    let intercept: Float

    func run<Element: VoxelElement>(on voxels: UnsafeBufferPointer<Element>) -> Result<[MaskRun], LabelMapFault> {
        var runs: [MaskRun] = []
        let base = voxels.baseAddress!
        for k in 0..<shape[2] {
            for j in 0..<shape[1] {
                let row = base + shape[0] * (j + shape[1] * k)
                var i = 0
                while i < shape[0] {
                    if intercept == 0 {
                        while i < shape[0], row[i].isStoredZero { i += 1 }
                        guard i < shape[0] else { break }
                    }
                    guard let label = label(row[i]) else {
                        return .failure(
                            LabelMapFault(reason: "found \(row[i].stored * slope + intercept) at voxel \([i, j, k])"))
                    }
                    let start = i
                    let stored = row[i].stored
                    while i < shape[0], row[i].stored == stored { i += 1 }
                    guard label > 0 else { continue }
                    guard runs.count < MaskRuns.runLimit else {
                        return .failure(LabelMapFault(reason: "found more than \(MaskRuns.runLimit) changes of value"))
                    }
                    runs.append(MaskRun(start: start, end: i, j: j, k: k, label: label))
                }
            }
        }
        return .success(runs)
    }

    /// The whole number that a voxel stands for; scaling may have rounded it a little.
    @inline(__always)
    private func label<Element: VoxelElement>(_ voxel: Element) -> Int? {
        let value = voxel.stored * slope + intercept
        let whole = value.rounded()
        guard abs(value - whole) <= 1e-3, whole >= 0, whole <= 16_777_216 else { return nil }
        return Int(whole)
    }
}

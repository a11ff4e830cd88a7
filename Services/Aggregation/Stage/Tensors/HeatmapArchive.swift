import Contracts
import Imaging
import ServiceRuntime
import TensorStore
import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Moves heat maps from the tensor store into files: `<folder>/<run>/<region>.<node>.nii.gz`, float32.
///
/// A heat map never holds a result up: what cannot be kept is left out, and the result says so.
struct HeatmapArchive {
    /// A classification whose heat maps are files now.
    struct Kept {
        var part: RegionClassified
        /// What could not be kept.
        var notes: [Failure] = []
        /// Keys of the tensors, which nobody needs any more.
        var spent: [String] = []
    }

    /// nil keeps no heat maps.
    let folder: String?
    let store: any TensorStore
    let work: BlockingWork

    /// - Throws: ``Failure`` (transient) when the store is away at the delivery's first attempt; later attempts go on
    ///   without the heat map.
    func keep(_ part: RegionClassified, attempt: Int) async throws(Failure) -> Kept {
        var kept = Kept(part: part)
        for (index, node) in part.decisionPath.enumerated() {
            guard var heatmap = node.heatmap, let reference = heatmap.tensor else { continue }
            kept.spent.append(reference.key)
            kept.part.decisionPath[index].heatmap = nil
            guard let folder else { continue }
            do {
                heatmap.file = try await write(heatmap, reference, of: part, node: node.node, into: folder)
                heatmap.tensor = nil
                kept.part.decisionPath[index].heatmap = heatmap
            } catch {
                var failure = Self.failure(of: error)
                if failure.code == .storeUnavailable, attempt == 1 { throw failure }
                failure.message = "region \(part.regionID): no heat map of \(node.node): \(failure.message)"
                kept.notes.append(failure)
            }
        }
        return kept
    }

    private func write(
        _ heatmap: Heatmap, _ reference: TensorReference, of part: RegionClassified, node: String, into folder: String
    ) async throws -> String {
        guard let affine = Affine(rows: heatmap.affine) else {
            throw Failure(.affineInvalid, .permanent, "expected an affine of 16 numbers ending in 0 0 0 1")
        }
        let tensor = try await store.redeem(reference)
        let name = "\(part.regionID).\(Self.fileWord(node)).nii.gz"
        let run = part.runID
        try await work.run {
            let volume = try Volume(
                tensor: try tensor.reshaped(to: Self.volumeShape(tensor.shape)).converted(to: .float32), affine: affine,
                subject: "heat map")
            try Self.makeFolder(folder)
            try Self.makeFolder("\(folder)/\(run)")
            try NIfTIWriter.write(volume, to: "\(folder)/\(run)/\(name)", level: 1)
        }
        return "file:\(run)/\(name)"
    }

    /// `[k, j, i]` from `[1, …, k, j, i]` or, for a single slice, `[j, i]`.
    private static func volumeShape(_ shape: [Int]) -> [Int] {
        var shape = shape
        while shape.count > 3, shape.first == 1 { shape.removeFirst() }
        while shape.count < 3 { shape.insert(1, at: 0) }
        return shape
    }

    private static func fileWord(_ text: String) -> String {
        String(text.unicodeScalars.prefix(64).map { isWordScalar($0) ? Character($0) : "_" })
    }

    private static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "-")
    }

    private static func makeFolder(_ path: String) throws(Failure) {
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw Failure(
                .fileUnreadable, .permanent,
                "could not make a folder for heat maps (\(String(cString: strerror(errno)))); check the setting")
        }
    }

    private static func failure(of error: any Error) -> Failure {
        var failure =
            (error as? any FailureConvertible)?.failure ?? StoreFailure.failure(of: error)
            ?? Failure(.internalError, .permanent, "unexpected: \(type(of: error))")
        failure.stage = StageName.aggregation.rawValue
        return failure
    }
}

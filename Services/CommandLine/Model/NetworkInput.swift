import ArgumentParser
import Classifiers
import NeuralNetwork
import Tensors

/// Checks what a network is to be fed, before anything is computed or allocated.
enum NetworkInput {
    /// Positions along each axis, so that no product of them overflows.
    private static let largestExtent = 1 << 16

    /// The extent that was asked for, or the described one.
    static func extent(_ size: NumberList?, of folder: NetworkFolder) throws -> Extent {
        let rank = folder.architecture.spatialRank
        guard let size else {
            if let extents = folder.extents { return try Extent(extents) }
            return rank == 3 ? .cube(64) : .square(299)
        }
        guard size.values.count == rank, size.values.allSatisfy({ (1...largestExtent).contains($0) }) else {
            throw ValidationError(
                "--size: expected \(rank) numbers of 1 to \(largestExtent), "
                    + "found \(size.values.map(String.init).joined(separator: ","))")
        }
        return try Extent(size.values)
    }

    /// The tensor `input` of a file.
    static func read(path: String, for folder: NetworkFolder) throws -> (tensor: Tensor, extent: Extent) {
        let file = try SafetensorsFile.map(path: path)
        guard file.entries.contains(where: { $0.name == "input" }) else {
            let names = file.names.isEmpty ? "nothing" : file.names.prefix(5).joined(separator: ", ")
            throw CommandFailure("'\(path)' holds no tensor 'input'; it holds \(names)", .dataError)
        }
        let tensor = try file.requiredTensor("input")
        guard [.float32, .float16, .bfloat16].contains(tensor.elementType) else {
            throw CommandFailure(
                "input: expected F32, F16 or BF16, found \(tensor.elementType.safetensorsName); convert it before saving",
                .dataError)
        }
        let rank = folder.architecture.spatialRank
        let channels = folder.architecture.inputChannels
        let shape = tensor.shape
        guard shape.count == rank + 2, shape[1] == channels, shape.allSatisfy({ $0 > 0 }) else {
            let axes = rank == 3 ? "D, H, W" : "H, W"
            let reason = shape.first == 0 ? "; a batch has one item at least" : ""
            throw CommandFailure("input: expected shape [N, \(channels), \(axes)], found \(shape)\(reason)", .dataError)
        }
        guard shape[2...].allSatisfy({ $0 <= largestExtent }) else {
            throw CommandFailure("input: expected extents of at most \(largestExtent), found \(shape)", .dataError)
        }
        try checkFinite(tensor)
        return (tensor, try Extent(Array(shape[2...])))
    }

    private static func checkFinite(_ tensor: Tensor) throws {
        let items = tensor.shape[0]
        let count = tensor.count / items
        try tensor.withFloats { values in
            for item in 0..<items {
                let part = UnsafeBufferPointer(rebasing: values[item * count..<(item + 1) * count])
                guard FiniteCheck.isFinite(part) else {
                    throw CommandFailure(
                        "input: item \(item) holds values that are infinite or not a number; "
                            + "check intensity normalization", .dataError)
                }
            }
        }
    }

    /// Refuses a computation for which there is no memory, with the figure.
    static func checkMemory(
        _ graph: NetworkGraph, batch: Int, extent: Extent, keepsActivations: Bool, settings: ComputeSettings
    ) throws {
        try MemoryEstimate(
            graph: graph, batch: batch, extent: extent, keepsActivations: keepsActivations,
            maximumBatch: settings.maximumBatch
        ).check(available: AvailableMemory.byteCount)
    }
}

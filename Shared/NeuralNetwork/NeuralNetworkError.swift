/// What went wrong with a network, its parameters or its input.
package enum NeuralNetworkError: Error, Equatable {
    /// An architecture was asked for with numbers that no network can have.
    case invalidArchitecture(String)
    /// The parameters are not those of the network: every missing, unexpected and misshapen one.
    case parametersMismatch([ParameterProblem])
    /// The input has another shape than the network takes. `expected` has 0 where any extent will do.
    case inputShapeMismatch(expected: [Int], got: [Int])
    /// The input is so small that a layer has nothing left to look at.
    case inputTooSmall(layer: String, extent: Extent)
    /// A convolution or a concatenation was given other channels than it was built for.
    case channelMismatch(layer: String, expected: Int, got: Int)
    /// No layer of the network that Grad-CAM can look at has this name.
    case unknownLayer(String, available: [String])
    /// Score weights for Grad-CAM are not one row of one number per class and input.
    case scoreMismatch(expected: [Int], got: [Int])
    /// The computation would take more memory than there is, in bytes.
    case notEnoughMemory(needed: Double, available: Double)
    /// The machine has no memory of this many bytes; nil where even their number is too large.
    case outOfMemory(bytes: Int?)
    /// A library refused a call.
    case backendFailure(call: String, status: String)
    /// A precision or a library was asked for that this processor or build does not have.
    case backendUnavailable(String)
}

extension NeuralNetworkError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidArchitecture(let reason):
            "the architecture is not valid: \(reason)"
        case .parametersMismatch(let problems):
            "the parameters are not those of the network: "
                + problems.map(\.description).joined(separator: "; ")
        case .inputShapeMismatch(let expected, let got):
            "network input: expected shape [\(expected.map { $0 == 0 ? "any" : "\($0)" }.joined(separator: ", "))], "
                + "got \(got)"
        case .inputTooSmall(let layer, let extent):
            "network input is too small: layer \(layer) is left with an extent of "
                + "\(extent.depth)×\(extent.height)×\(extent.width); give a larger region"
        case .channelMismatch(let layer, let expected, let got):
            "layer \(layer): expected \(expected) channels, got \(got)"
        case .unknownLayer(let name, let available):
            "the network has no layer \(name) to look at; it has \(available.joined(separator: ", "))"
        case .scoreMismatch(let expected, let got):
            "Grad-CAM score weights: expected shape \(expected), got \(got)"
        case .notEnoughMemory(let needed, let available):
            "this needs about \(Self.gigabytes(needed)) GB of memory, \(Self.gigabytes(available)) GB are available; "
                + "give a smaller batch or a smaller input"
        case .outOfMemory(let bytes):
            "the network needs \(bytes.map { "\($0 >> 20) MiB, more" } ?? "more memory") than this machine has free; "
                + "give a smaller input or batch"
        case .backendFailure(let call, let status):
            "\(call) failed: \(status)"
        case .backendUnavailable(let reason):
            "not available on this machine: \(reason)"
        }
    }
}

extension NeuralNetworkError {
    /// With one decimal, without a formatter.
    private static func gigabytes(_ bytes: Double) -> String {
        let tenths = (bytes / 1e8).rounded()
        guard tenths < 1e15 else { return "\(bytes / 1e9)" }
        return "\(Int(tenths) / 10).\(Int(tenths) % 10)"
    }
}

/// One way in which stored parameters are not those of a network.
package enum ParameterProblem: Equatable, Sendable, CustomStringConvertible {
    case missing(name: String, shape: [Int])
    case unexpected(name: String)
    case misshapen(name: String, expected: [Int], got: [Int])
    case notFinite(name: String)
    case unreadable(name: String, reason: String)

    package var description: String {
        switch self {
        case .missing(let name, let shape): shape.isEmpty ? "missing \(name)" : "missing \(name) \(shape)"
        case .unexpected(let name): "unexpected \(name)"
        case .misshapen(let name, let expected, let got): "\(name): expected shape \(expected), got \(got)"
        case .notFinite(let name): "\(name) holds values that are not finite"
        case .unreadable(let name, let reason): "\(name) cannot be read: \(reason)"
        }
    }
}

internal import CKernels

/// The codes that a convolution can be computed by.
package enum ConvolutionChoice: String, CaseIterable {
    case oneDNN = "onednn"
    case direct
    /// From planes, with short and with longer transforms.
    case planar1
    case planar2
    /// With the longest along the depth, which round more than float32 networks may.
    case planar3
    /// From planes, bfloat16 products over the columns under the kernel's rows.
    case columns
    /// Fewer products by transforms of short windows, and of longer ones.
    case winograd1
    case winograd2
    /// The same with float32 products between bfloat16 activations, which long transforms need to be exact.
    case planarFloat = "planar2-f32"
    case winogradFloat = "winograd2-f32"
    /// Weights of half precision, widened to float32 where they are multiplied, of processors without bfloat16 products.
    case directHalf = "direct-w16"
    /// Transforms that are short, short along the depth alone, and longer ones.
    case winograd1Half = "winograd1-w16"
    case winograd0Half = "winograd0-w16"
    case winograd2Half = "winograd2-w16"
    case tiles

    /// The algorithm of ours; nil for oneDNN.
    var kernel: (algorithm: ork_algorithm, variant: Int32)? {
        switch self {
        case .oneDNN: nil
        case .direct, .directHalf: (ORK_DIRECT, 0)
        case .planar1: (ORK_PLANAR, 1)
        case .planar2, .planarFloat: (ORK_PLANAR, 2)
        case .planar3: (ORK_PLANAR, 3)
        case .columns: (ORK_PLANAR, 0)
        case .winograd0Half: (ORK_WINOGRAD, 0)
        case .winograd1, .winograd1Half: (ORK_WINOGRAD, 1)
        case .winograd2, .winograd2Half, .winogradFloat: (ORK_WINOGRAD, 2)
        case .tiles: (ORK_TILES, 0)
        }
    }

    /// Whether weights are kept as transforms, which are larger.
    var isTransformed: Bool { kernel?.algorithm == ORK_WINOGRAD }

    /// Whether products are float32 whatever the activations are.
    var usesFloats: Bool { self == .planarFloat || self == .winogradFloat }

    /// Whether it is exact enough only where weights may be halved.
    var roundsAsHalves: Bool { halvesWeights || self == .planar3 }

    /// Whether weights alone take two bytes.
    var halvesWeights: Bool { [.directHalf, .winograd0Half, .winograd1Half, .winograd2Half].contains(self) }
}

internal import Tensors

/// The tensors of a checkpoint that another program wrote, under the names that a network here has.
///
/// Wrappers put a path before every name (`module.` of DataParallel, `model.`, `backbone.`, `state_dict.`), and heads
/// go by several names (`last_linear`, `classifier`, `head.fc`); both are undone here. Shapes and values are the file's.
package struct Checkpoint: Sendable {
    /// What stood before every name of the network, such as `module.`.
    package let prefix: String
    /// Shapes by the names that the network here has.
    package let shapes: [String: [Int]]
    /// The head's module in the file, such as `fc`; nil where there is none.
    package let headName: String?
    /// Names in the file that do not belong to the network, as they stand there.
    package let outside: [String]
    /// The file's name of each tensor.
    private let fileNames: [String: String]

    /// Names by which a network is found: each network has one of them once.
    private static let anchors = ["layer1.0.conv1.weight", "Conv2d_1a_3x3.conv.weight"]
    /// Modules that stand for the last linear layer in one library or another.
    private static let headNames = ["fc", "last_linear", "classifier", "head.fc", "head", "fc.1", "classifier.1"]

    /// - Parameters:
    ///   - entries: names and shapes of the file's tensors.
    ///   - prefix: what stands before the network's names; nil to find it.
    /// - Throws: `CheckpointError.unknownNetwork`, `severalNetworks`.
    package init(entries: [(name: String, shape: [Int])], prefix: String? = nil) throws(CheckpointError) {
        let found: String
        if let prefix { found = prefix } else { found = try Self.prefix(of: entries.map(\.name)) }
        var shapes: [String: [Int]] = [:]
        var fileNames: [String: String] = [:]
        var outside: [String: [Int]] = [:]
        for (name, shape) in entries {
            if name.hasPrefix(found) {
                let inner = String(name.dropFirst(found.count))
                shapes[inner] = shape
                fileNames[inner] = name
            } else {
                outside[name] = shape
            }
        }
        // A head may stand beside the wrapped network as well as in it.
        let inner = Self.headNames.first { shapes["\($0).weight"].map(Self.isMatrix) ?? false }
        let outer = Self.headNames.first { outside["\($0).weight"].map(Self.isMatrix) ?? false }
        headName = inner ?? outer
        if let module = inner ?? outer {
            for suffix in ["weight", "bias"] {
                let name = "\(module).\(suffix)"
                let shape = inner == nil ? outside.removeValue(forKey: name) : shapes.removeValue(forKey: name)
                guard let shape else { continue }
                fileNames[name] = nil
                fileNames["fc.\(suffix)"] = inner == nil ? name : found + name
                shapes["fc.\(suffix)"] = Self.withoutGrid(shape)
            }
        }
        self.prefix = found
        self.shapes = shapes
        self.fileNames = fileNames
        self.outside = outside.keys.sorted()
    }

    /// Whether the checkpoint brings a head.
    package var hasHead: Bool { shapes["fc.weight"] != nil }

    /// A tensor's name in the file.
    package func fileName(of name: String) -> String { fileNames[name] ?? prefix + name }

    private static func prefix(of names: [String]) throws(CheckpointError) -> String {
        var found: Set<String> = []
        for name in names {
            for anchor in anchors where name == anchor || name.hasSuffix("." + anchor) {
                found.insert(String(name.dropLast(anchor.count)))
            }
        }
        guard let prefix = found.first else { throw .unknownNetwork(hint(for: names)) }
        guard found.count == 1 else { throw .severalNetworks(prefixes: found.sorted()) }
        return prefix
    }

    /// What a file without a network that we know may be.
    private static func hint(for names: [String]) -> String {
        if names.isEmpty { return "the file holds no tensors" }
        if names.contains(where: { $0.hasSuffix("layer1.0.conv1.0.weight") }) {
            return "it looks like torchvision's video ResNet, whose blocks are built differently"
        }
        if names.contains(where: { $0.hasSuffix("blocks.0.attn.qkv.weight") }) { return "it looks like a transformer" }
        return "its tensors are named such as \(names.sorted().prefix(3).joined(separator: ", "))"
    }

    /// Whether a shape is that of a linear layer, or of a convolution that stands for one.
    private static func isMatrix(_ shape: [Int]) -> Bool { withoutGrid(shape).count == 2 }

    private static func withoutGrid(_ shape: [Int]) -> [Int] {
        shape.count > 2 && shape.dropFirst(2).allSatisfy { $0 == 1 } ? Array(shape.prefix(2)) : shape
    }
}

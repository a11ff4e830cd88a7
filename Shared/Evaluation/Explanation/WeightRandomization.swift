internal import Classifiers
internal import NeuralNetwork
internal import Tensors

/// Networks whose weights are drawn anew from the head down: if their heat maps stay alike, the maps show the image and
/// not what was learned (Adebayo et al., NeurIPS 2018).
struct WeightRandomization {
    private let folder: ModelFolder
    /// One seed for all steps: what is drawn once stays; no seed that networks begin their training with.
    private static let seed: UInt64 = 0x0A11_5EED_0F7A_2018
    /// The network's parts, the head first, each with its parameters.
    let parts: [(name: String, parameters: Set<String>)]

    init(_ folder: ModelFolder) {
        self.folder = folder
        var order: [String] = []
        var members: [String: Set<String>] = [:]
        for parameter in folder.graph.parameters {
            let part = Self.part(of: parameter.name)
            if members[part] == nil { order.append(part) }
            members[part, default: []].insert(parameter.name)
        }
        parts = order.reversed().map { ($0, members[$0] ?? []) }
    }

    /// The network with its first so many parts drawn anew.
    ///
    /// - Throws: what its parameters throw when they cannot be read.
    func model(parts count: Int) throws -> ModelFolder {
        let drawn = parts.prefix(count).reduce(into: Set<String>()) { $0.formUnion($1.parameters) }
        var set = try SeededParameters.make(for: folder.graph, seed: Self.seed, only: drawn)
        for parameter in folder.graph.parameters where !drawn.contains(parameter.name) {
            set.tensors[parameter.name] = try folder.parameters.parameter(named: parameter.name)
        }
        // What was fitted for the network's own weights does not hold for these.
        var description = folder.description
        description.trust = nil
        description.calibration = nil
        return try ModelFolder(description: description, parameters: set, meanImage: folder.meanImage)
    }

    /// `layer3.0.conv1.weight` belongs to layer3, `Mixed_6b.…` to Mixed_6, what comes before the first stage to the stem.
    private static func part(of parameter: String) -> String {
        let first = parameter.split(separator: ".").first.map(String.init) ?? parameter
        if first.hasPrefix("Mixed_") { return String(first.prefix(7)) }
        if first.hasPrefix("Conv2d_") || ["conv1", "bn1"].contains(first) { return "stem" }
        return first
    }
}

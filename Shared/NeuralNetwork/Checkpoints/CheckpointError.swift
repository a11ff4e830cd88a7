/// Why a checkpoint of another program cannot be taken over.
package enum CheckpointError: Error, Equatable {
    /// No network that is known here.
    case unknownNetwork(String)
    /// More than one network, such as a teacher and its student.
    case severalNetworks(prefixes: [String])
    /// A network of a known family, and of a form that is not known here.
    case unsupportedForm(String)
    /// Another network than was asked for.
    case otherNetwork(asked: String, found: String)
    /// No last layer, and nothing was said of one.
    case noHead
    /// Missing, unexpected, misshapen or unreadable tensors; names as in the file.
    case mismatch([ParameterProblem])
}

extension CheckpointError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownNetwork(let hint):
            "no 3D ResNet (layer1.0.conv1.weight) and no Inception-v3 (Conv2d_1a_3x3.conv.weight) in the checkpoint; "
                + hint
        case .severalNetworks(let prefixes):
            "several networks in one checkpoint, beneath "
                + prefixes.map { "'\($0)'" }.joined(separator: ", ") + "; choose one with --prefix"
        case .unsupportedForm(let reason): reason
        case .otherNetwork(let asked, let found): "\(asked) was asked for, the checkpoint holds \(found)"
        case .noHead:
            "the checkpoint has no last layer (fc.weight), as MedicalNet's have none; "
                + "give it a new one with --replace-head CLASSES"
        case .mismatch(let problems):
            "the checkpoint's tensors are not those of the network: "
                + problems.map(\.description).joined(separator: "; ") + remedy(for: problems)
        }
    }

    private func remedy(for problems: [ParameterProblem]) -> String {
        var remedies: [String] = []
        let heads = problems.filter { $0.name.hasSuffix("fc.weight") || $0.name.hasSuffix("fc.bias") }
        if !heads.isEmpty { remedies.append("--replace-head CLASSES makes a new last layer") }
        if problems.contains(where: { if case .missing = $0 { !heads.contains($0) } else { false } }) {
            remedies.append("--seed-missing fills what is missing with seeded, untrained values")
        }
        if problems.contains(where: { if case .unexpected = $0 { true } else { false } }) {
            remedies.append("--ignore PREFIX leaves tensors out")
        }
        return remedies.isEmpty ? "" : " (\(remedies.joined(separator: "; ")))"
    }
}

extension ParameterProblem {
    /// The parameter's name.
    package var name: String {
        switch self {
        case .missing(let name, _), .unexpected(let name), .misshapen(let name, _, _), .notFinite(let name),
            .unreadable(let name, _):
            name
        }
    }
}

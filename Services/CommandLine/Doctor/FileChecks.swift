import Classifiers
import Contracts

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Checks of what the services read and write.
enum FileChecks {
    /// The folders beneath which locations resolve, separated by `:`.
    static func roots(_ setting: String?) -> [Diagnosis] {
        let roots = (setting ?? "").split(separator: ":").map(String.init)
        guard !roots.isEmpty else {
            return [
                .warn(
                    "roots", "none", remedy: "every location would be refused; set ONCORELAY_ROOTS to the image folders"
                )
            ]
        }
        return roots.map { root in
            guard isFolder(root) else {
                return .fail("root", "'\(root)' is no folder", remedy: "make or mount it, or correct ONCORELAY_ROOTS")
            }
            guard access(root, R_OK | X_OK) == 0 else {
                return .fail(
                    "root", "'\(root)' cannot be read: \(String(cString: strerror(errno)))",
                    remedy: "let this user read it: 'setfacl -R -m u:USER:rX \(root)'")
            }
            return .ok("root", "'\(root)' can be read")
        }
    }

    /// The folder of model folders: each description is read, not the weights.
    static func models(_ directory: String?) -> [Diagnosis] {
        let name = "models"
        guard let directory else {
            return [
                .warn(
                    name, "none: seeded, UNTRAINED networks answer",
                    remedy: "set ONCORELAY_MODELS to a folder of trained models; until then no finding means anything")
            ]
        }
        let catalog: ModelCatalog
        do {
            catalog = try ModelCatalog.open(directory: directory)
        } catch {
            return [.fail(name, error.failure.message, remedy: "mend the folder, or correct ONCORELAY_MODELS")]
        }
        var found = catalog.entries.map { entry -> Diagnosis in
            let description = entry.description
            let role = entry.role?.rawValue
            let text = "\(description.name) \(description.version) for \(role ?? "no question that is known")"
            let weights = (entry.path ?? directory) + "/weights.safetensors"
            if access(weights, R_OK) != 0 {
                return .fail(
                    name, "\(text): '\(weights)' cannot be read: \(String(cString: strerror(errno)))",
                    remedy: "put the model's weights there, readable to this user")
            }
            if role == nil {
                return .warn(name, text, remedy: "its labels are those of no known question; nothing will ask it")
            }
            return .ok(name, text)
        }
        let absent = ClassifierRole.allCases.filter { catalog.entry(for: $0) == nil }.map(\.rawValue)
        if !absent.isEmpty {
            found.append(
                .warn(
                    name, "none for \(absent.joined(separator: ", "))",
                    remedy: "these questions will be abstained from; add their models"))
        }
        return found
    }

    /// Whether aggregation could write its ledger at `path`.
    static func ledger(_ path: String) -> Diagnosis {
        let name = "ledger"
        let folder = Self.folder(of: path)
        let remedy = "let this user write there, or point ONCORELAY_LEDGER elsewhere"
        guard isFolder(folder) else {
            return .fail(name, "its folder '\(folder)' does not exist", remedy: "make it, or correct ONCORELAY_LEDGER")
        }
        guard access(folder, W_OK | X_OK) == 0 else {
            return .fail(
                name, "its folder '\(folder)' cannot be written: \(String(cString: strerror(errno)))", remedy: remedy)
        }
        guard access(path, F_OK) == 0 else { return .ok(name, "'\(path)' will be made at the first start") }
        guard access(path, R_OK | W_OK) == 0 else {
            return .fail(name, "'\(path)' cannot be written: \(String(cString: strerror(errno)))", remedy: remedy)
        }
        return .ok(name, "'\(path)' can be written")
    }

    /// The folder that a path lies in; `.` for a bare name.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

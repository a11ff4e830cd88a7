package import Contracts
internal import FoundationEssentials
internal import Glibc

/// The models of a directory and the roles that they take. A snapshot: ask `hasChanged`, and open it again.
package struct ModelCatalog: Sendable {
    /// One model folder, as far as its description goes; its weights are read when it is asked for.
    package struct Entry: Sendable {
        /// Nil for the seeded default models.
        package let path: String?
        package let description: ModelDescription
        /// Nil for a model that answers none of the known questions.
        package let role: ClassifierRole?
    }

    /// The directory; nil for the seeded default models.
    package let directory: String?
    package let entries: [Entry]
    private let stamps: [String: [FileStamp]]

    /// Levels beneath the directory at which model folders are looked for.
    private static let maximumDepth = 3

    /// Looks for model folders.
    ///
    /// - Parameter directory: searched three levels deep, hidden entries left out; nil for the seeded, untrained
    ///   default models.
    /// - Returns: a snapshot of the directory.
    /// - Throws: `ClassifierError.modelMissing` when the directory or any model in it is missing, `modelDamaged` for a
    ///   description that cannot be used, `ambiguousRole` when two models answer one question.
    package static func open(directory: String?) throws(ClassifierError) -> ModelCatalog {
        guard let directory else {
            let entries = ClassifierRole.allCases.map {
                Entry(path: nil, description: SeededModel.defaultDescription($0), role: $0)
            }
            return ModelCatalog(directory: nil, entries: entries, stamps: [:])
        }
        guard isDirectory(directory) else {
            throw .modelMissing(
                "models directory \(directory) is not there; mount it, or leave ONCORELAY_MODELS empty for "
                    + "untrained demonstration models")
        }
        let paths = folders(in: directory)
        guard !paths.isEmpty else {
            throw .modelMissing(
                "no \(ModelFolder.descriptionFile) in \(directory) or up to \(maximumDepth) levels beneath it; "
                    + "put model folders there")
        }
        let stamps = stamps(of: paths)
        var entries: [Entry] = []
        for path in paths {
            let description = try ModelFolder.loadDescription(path: path)
            entries.append(
                Entry(path: path, description: description, role: ClassifierRole(labels: description.labels)))
        }
        for role in ClassifierRole.allCases {
            let rivals = entries.filter { $0.role == role }.compactMap(\.path)
            guard rivals.count < 2 else { throw .ambiguousRole(role: role.rawValue, paths: rivals) }
        }
        return ModelCatalog(directory: directory, entries: entries, stamps: stamps)
    }

    /// Whether a role has a model.
    package func entry(for role: ClassifierRole) -> Entry? { entries.first { $0.role == role } }

    /// Loads the model of a role, weights and all.
    ///
    /// - Throws: `ClassifierError.modelMissing` where no model has the role, and what `ModelFolder.load` throws.
    package func model(for role: ClassifierRole) throws(ClassifierError) -> ModelFolder {
        guard let entry = entry(for: role) else {
            throw .modelMissing(
                "no model in \(directory ?? "the defaults") has the labels \(role.orderedLabels.joined(separator: ", ")), "
                    + "which \(role.rawValue) needs")
        }
        guard let path = entry.path else { return try SeededModel.makeDefault(role) }
        return try ModelFolder.load(path: path)
    }

    /// Whether model folders came, went or were written since the catalog was opened: by inode, size and time.
    package var hasChanged: Bool {
        guard let directory else { return false }
        return Self.stamps(of: Self.folders(in: directory)) != stamps
    }

    /// Which versions of which files lie in a directory at this moment.
    struct State: Sendable, Equatable {
        fileprivate let stamps: [String: [FileStamp]]
    }

    static func state(of directory: String) -> State { State(stamps: stamps(of: folders(in: directory))) }

    // MARK: - The file system

    /// Which version of a file is there. A file that is not there has zeros.
    fileprivate struct FileStamp: Sendable, Equatable {
        var inode: UInt64 = 0
        var size: Int64 = 0
        var seconds: Int = 0
        var nanoseconds: Int = 0
    }

    private static func stamps(of paths: [String]) -> [String: [FileStamp]] {
        var stamps: [String: [FileStamp]] = [:]
        for path in paths {
            let names = [ModelFolder.descriptionFile, ModelFolder.weightsFile] + OutOfDistributionDetector.fileNames
            stamps[path] = names.map { name in
                var status = stat()
                guard stat(path + "/" + name, &status) == 0 else { return FileStamp() }
                return FileStamp(
                    inode: UInt64(status.st_ino), size: Int64(status.st_size), seconds: Int(status.st_mtim.tv_sec),
                    nanoseconds: Int(status.st_mtim.tv_nsec))
            }
        }
        return stamps
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Folders with a description, in alphabetical order; nothing is looked for inside them.
    private static func folders(in directory: String, depth: Int = 0) -> [String] {
        if access(directory + "/" + ModelFolder.descriptionFile, F_OK) == 0 { return [directory] }
        guard depth < maximumDepth,
            let names = try? FileManager.default.contentsOfDirectory(atPath: directory)
        else { return [] }
        // Volumes mounted by Kubernetes show their files a second time behind hidden links.
        return names.filter { !$0.hasPrefix(".") }.sorted().flatMap { name in
            let path = directory + "/" + name
            return isDirectory(path) ? folders(in: path, depth: depth + 1) : []
        }
    }
}

import Contracts
internal import Glibc

/// A walk from a root downward that cannot leave it: what openat2's `RESOLVE_BENEATH` does, on any kernel, and with
/// absolute links that point back beneath the root allowed.
struct BeneathWalk: ~Copyable {
    /// As many as the kernel follows.
    private static let linkLimit = 40
    /// Linux's O_PATH, which glibc shows to GNU sources only: names a node without opening it, so that looking at a
    /// device or a pipe wakes nothing.
    private static let pathOnly: Int32 = 0o10000000

    private let rootDescriptor: Int32
    private let rootPaths: [[String]]
    private let subject: String

    /// Takes over `rootDescriptor`.
    init(rootDescriptor: Int32, rootPaths: [[String]], subject: String) {
        self.rootDescriptor = rootDescriptor
        self.rootPaths = rootPaths
        self.subject = subject
    }

    deinit { close(rootDescriptor) }

    /// The components of an absolute path from the root on; nil where it does not begin with the root.
    func beneath(_ components: [String]) -> [String]? {
        for root in rootPaths where components.starts(with: root) {
            return Array(components.dropFirst(root.count))
        }
        return nil
    }

    /// Opens the regular file or the folder at the end of the way.
    ///
    /// - Throws: `location-outside-root`, `file-missing`, `file-unreadable`, `image-format-unsupported`.
    func open(_ components: [String]) throws(ImagingError) -> LocatedNode {
        var directories = DirectoryStack(root: rootDescriptor)
        // The next component is the last of the array.
        var pending = Array(components.reversed())
        var links = 0
        while let component = pending.popLast() {
            if component == ".." {
                guard directories.pop() else { throw .outside(subject) }
                continue
            }
            let node = openat(directories.top, component, Self.pathOnly | O_NOFOLLOW | O_CLOEXEC)
            guard node >= 0 else { throw .system(errno, doing: "open the location", subject: subject) }
            var status = stat()
            guard fstat(node, &status) == 0 else {
                let number = errno
                close(node)
                throw .system(number, doing: "look at the location", subject: subject)
            }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                directories.push(node)
            case S_IFLNK:
                defer { close(node) }
                links += 1
                guard links <= Self.linkLimit else {
                    throw ImagingError(.fileMissing, subject: subject, "expected a file, found links in a circle")
                }
                let target = try readLink(node)
                var steps = target.split(separator: "/").map(String.init).filter { $0 != "." }
                if target.hasPrefix("/") {
                    guard let inside = beneath(steps) else { throw .outside(subject) }
                    steps = inside
                    directories.popAll()
                }
                pending.append(contentsOf: steps.reversed())
            case S_IFREG where pending.isEmpty:
                defer { close(node) }
                return .file(try reopen(component, in: directories.top, like: status))
            case S_IFREG:
                close(node)
                throw ImagingError(
                    .fileMissing, subject: subject, "expected a folder on the way to the file, found a file")
            default:
                close(node)
                throw unsupported("a device, pipe or socket")
            }
        }
        let folder = openat(directories.top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .system(errno, doing: "open the folder", subject: subject) }
        return .folder(LocatedFolder(descriptor: folder))
    }

    /// Opens for reading what was seen to be a regular file, and makes sure that it is still the same one.
    private func reopen(
        _ name: String, in directory: Int32, like seen: stat
    ) throws(ImagingError) -> LocatedFile {
        let descriptor = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(errno, doing: "open the file", subject: subject) }
        let file = LocatedFile(descriptor: descriptor, name: name)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_dev == seen.st_dev, status.st_ino == seen.st_ino else {
            throw ImagingError(
                .fileUnreadable, .transient, subject: subject,
                "the file was exchanged while it was being opened; it will be tried again")
        }
        return file
    }

    private func readLink(_ node: Int32) throws(ImagingError) -> String {
        var target = [UInt8](repeating: 0, count: Int(PATH_MAX) + 1)
        // An empty path names the link that the descriptor itself stands for.
        let count = target.withUnsafeMutableBytes { buffer in
            readlinkat(node, "", buffer.baseAddress!.assumingMemoryBound(to: CChar.self), buffer.count)
        }
        guard count >= 0 else { throw .system(errno, doing: "read a link", subject: subject) }
        return String(decoding: target[..<count], as: UTF8.self)
    }

    private func unsupported(_ kind: String) -> ImagingError {
        ImagingError(
            .imageFormatUnsupported, subject: subject,
            "expected an image's file or a folder of DICOM files, found \(kind)")
    }
}

/// The open directories from the root down to where the walk stands; closes all but the root.
private struct DirectoryStack: ~Copyable {
    private let root: Int32
    private var descriptors: [Int32] = []

    init(root: Int32) { self.root = root }

    deinit { for descriptor in descriptors { close(descriptor) } }

    var top: Int32 { descriptors.last ?? root }

    mutating func push(_ descriptor: Int32) { descriptors.append(descriptor) }

    /// False where the walk stands at the root already.
    mutating func pop() -> Bool {
        guard let descriptor = descriptors.popLast() else { return false }
        close(descriptor)
        return true
    }

    mutating func popAll() {
        while pop() {}
    }
}

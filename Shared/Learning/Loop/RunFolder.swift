internal import Classifiers
internal import Datasets

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The folder of one run. Every file and folder appears in it whole, or not at all.
package struct RunFolder: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// The state that an interrupted run goes on from; gone when it has finished.
    package var state: String { path + "/state.safetensors" }
    package var recipe: String { path + "/recipe.yaml" }
    package var split: String { path + "/split.json" }
    package var history: String { path + "/history.csv" }
    /// There when the run has finished.
    package var result: String { path + "/result.json" }
    package var best: String { path + "/best" }
    package var last: String { path + "/last" }

    /// Makes the folder, and takes away what an ended process left half-written.
    ///
    /// - Throws: `LearningError.file`.
    func prepare() throws(LearningError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for name in try FileManager.default.contentsOfDirectory(atPath: path) where name.hasSuffix(".part") {
                try FileManager.default.removeItem(atPath: path + "/" + name)
            }
            for folder in [best, last] where !exists(folder) && exists(folder + ".old") {
                try FileManager.default.moveItem(atPath: folder + ".old", toPath: folder)
            }
        } catch {
            throw .file("\(path) cannot be written to: \(error)")
        }
    }

    /// Empties the folder of what a run writes.
    func clear() throws(LearningError) {
        let files = [state, recipe, split, history, result, best, last, best + ".old", last + ".old", evaluation]
        for file in files where exists(file) {
            do {
                try FileManager.default.removeItem(atPath: file)
            } catch {
                throw .file("\(file) cannot be removed: \(error)")
            }
        }
    }

    func write(_ split: Split) throws(LearningError) {
        do {
            try split.write(to: URL(filePath: self.split))
        } catch {
            throw .file("\(self.split) cannot be written: \(error); free some space or choose another --out")
        }
    }

    /// Forgets everything that an earlier run left.
    ///
    /// - Throws: `LearningError.file`.
    package func startAnew() throws(LearningError) {
        try prepare()
        try clear()
    }

    func remove(_ file: String) { try? FileManager.default.removeItem(atPath: file) }

    package func exists(_ file: String) -> Bool { FileManager.default.fileExists(atPath: file) }

    func read(_ file: String) -> [UInt8]? { FileManager.default.contents(atPath: file).map { Array($0) } }

    /// Writes a file beside its place, and puts it there when it is whole and on the disk.
    ///
    /// - Throws: `LearningError.file` with the system's reason, such as a full disk.
    static func write(_ bytes: [UInt8], to file: String) throws(LearningError) {
        let temporary = file + ".\(getpid()).part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = failure(file)
                close(descriptor)
                unlink(temporary)
                throw error
            }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0, close(descriptor) == 0, rename(temporary, file) == 0 else {
            let error = failure(file)
            unlink(temporary)
            throw error
        }
    }

    static func write(_ text: String, to file: String) throws(LearningError) { try write(Array(text.utf8), to: file) }

    static func write(json value: some Encodable, to file: String) throws(LearningError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { throw .file("\(file): a number is not finite") }
        try write(Array(data) + [10], to: file)
    }

    /// Puts a model folder in its place: the old one stays until the new one is whole.
    ///
    /// - Throws: `LearningError.file`.
    static func write(_ model: ModelFolder, to folder: String) throws(LearningError) {
        let temporary = folder + ".part"
        let old = folder + ".old"
        let files = FileManager.default
        do {
            if files.fileExists(atPath: temporary) { try files.removeItem(atPath: temporary) }
            if files.fileExists(atPath: old) { try files.removeItem(atPath: old) }
            try model.write(to: temporary)
        } catch {
            try? files.removeItem(atPath: temporary)
            throw .file("\(folder) cannot be written: \(error); free some space or choose another --out")
        }
        let hadOne = rename(folder, old) == 0
        guard rename(temporary, folder) == 0 else {
            let error = failure(folder)
            if hadOne { rename(old, folder) }
            try? files.removeItem(atPath: temporary)
            throw error
        }
        if hadOne { try? files.removeItem(atPath: old) }
    }

    private static func failure(_ file: String) -> LearningError {
        .file("\(file) cannot be written: \(String(cString: strerror(errno))); free some space or choose another --out")
    }

    private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes, count)
        #else
            Musl.write(descriptor, bytes, count)
        #endif
    }
}

extension TrainingResult {
    /// From `result.json`; nil for anything else.
    package init?(json bytes: [UInt8]) {
        guard let value = try? JSONDecoder().decode(TrainingResult.self, from: Data(bytes)) else { return nil }
        self = value
    }
}

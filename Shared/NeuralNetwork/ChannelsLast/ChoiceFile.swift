internal import CKernels
internal import Glibc

/// Remembers which code computed a convolution fastest on this machine: lines of shape and code, for one processor and
/// one version of the codes.
package struct ChoiceFile: Sendable {
    private let directory: String
    private let path: String
    private let header: String

    /// In `XDG_CACHE_HOME`, or `~/.cache`; nil where there is neither.
    static let standard: ChoiceFile? = {
        let cache: String
        if let path = getenv("XDG_CACHE_HOME").map({ String(cString: $0) }), path.hasPrefix("/") {
            cache = path
        } else if let home = getenv("HOME").map({ String(cString: $0) }), home.hasPrefix("/") {
            cache = home + "/.cache"
        } else {
            return nil
        }
        return ChoiceFile(directory: cache + "/oncorelay")
    }()

    /// Raised when kernels of ours change so that measurements no longer hold.
    private static let kernelVersion = 16

    package init(directory: String) {
        self.directory = directory
        path = directory + "/convolutions-1.txt"
        header = "oncorelay convolutions; kernels \(Self.kernelVersion); onednn \(OneDNN.version); \(Self.processor)"
    }

    /// The choices for this machine; empty where the file is for another one, or cannot be read.
    package func read() -> [String: ConvolutionChoice] {
        guard let file = fopen(path, "r") else { return [:] }
        defer { fclose(file) }
        var choices: [String: ConvolutionChoice] = [:]
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        var isFirst = true
        while getline(&line, &capacity, file) > 0, choices.count < 10_000 {
            guard let text = line.map({ String(cString: $0) }), text.hasSuffix("\n") else { break }
            let content = text.dropLast()
            if isFirst {
                guard content == header else { return [:] }
                isFirst = false
                continue
            }
            let words = content.split(separator: " ")
            guard words.count == 2, let choice = ConvolutionChoice(rawValue: String(words[1])) else { continue }
            choices[String(words[0])] = choice
        }
        return choices
    }

    /// Adds choices to those in the file, which readers see whole, before or after.
    package func add(_ choices: [String: ConvolutionChoice]) {
        let all = read().merging(choices) { _, new in new }
        let text =
            ([header] + all.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.rawValue)" })
            .joined(separator: "\n") + "\n"
        mkdir(String(directory.prefix(upTo: directory.lastIndex(of: "/") ?? directory.endIndex)), 0o700)
        mkdir(directory, 0o700)
        let temporary = path + ".\(getpid())-\(UInt32.random(in: 0...UInt32.max)).part"
        guard let file = fopen(temporary, "wx") else { return }
        let isWritten = fputs(text, file) >= 0
        let isClosed = fclose(file) == 0
        if !isWritten || !isClosed || rename(temporary, path) != 0 { unlink(temporary) }
    }

    /// The processor's name, and what its system lets programs use.
    private static let processor: String = {
        let features = ork_processor_features()
        let flags = [
            features.avx2 ? "avx2" : "", features.avx512 ? "avx512" : "", features.avx512_bf16 ? "avx512_bf16" : "",
            features.amx_bf16 ? "amx_bf16" : "",
        ].filter { !$0.isEmpty }
        var name = "unknown"
        if let file = fopen("/proc/cpuinfo", "r") {
            defer { fclose(file) }
            var line: UnsafeMutablePointer<CChar>?
            var capacity = 0
            defer { free(line) }
            while getline(&line, &capacity, file) > 0 {
                guard let text = line.map({ String(cString: $0) }), text.hasPrefix("model name") else { continue }
                let value = text.split(separator: ":").dropFirst().joined(separator: ":")
                name = value.split { $0 == " " || $0 == "\t" || $0 == "\n" }.joined(separator: " ")
                break
            }
        }
        return ([name] + flags).joined(separator: " ")
    }()
}

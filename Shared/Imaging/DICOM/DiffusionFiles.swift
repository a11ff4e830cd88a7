import Contracts
internal import Glibc

/// The text files that dcm2niix lays beside a diffusion-weighted volume.
enum DiffusionFiles {
    /// A .bval file: one number a volume, s/mm².
    ///
    /// - Returns: nil where there is no such file, or something else in it.
    static func bValues(_ path: String) -> [Double]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        let file = LocatedFile(descriptor: descriptor, name: "bval")
        return bValues(file)
    }

    static func bValues(_ file: LocatedFile) -> [Double]? {
        guard let contents = try? FileBytes(descriptor: file.descriptor, limit: 1 << 20, subject: "bval") else {
            return nil
        }
        let words = contents.bytes.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0a || $0 == 0x0d }
        let numbers = words.map { Double(String(decoding: $0, as: UTF8.self)) }
        guard !numbers.isEmpty, numbers.allSatisfy({ $0.map { (0...20_000).contains($0) } ?? false }) else {
            return nil
        }
        return numbers.compactMap { $0 }
    }
}

import Dispatch
import Imaging
import Synchronization

import Foundation

/// Reads and measures several files at once, as the services do.
enum VolumeLoading {
    static func all(_ paths: [String], normalization: IntensityNormalization) throws -> [PatchChannel] {
        let loaded = Mutex<[Int: PatchChannel]>([:])
        DispatchQueue.concurrentPerform(iterations: paths.count) { index in
            guard let volume = try? NIfTIReader().read(path: paths[index]).volume else { return }
            let channel = PatchChannel(volume, normalization: normalization.parameters(for: volume))
            loaded.withLock { $0[index] = channel }
        }
        let channels = loaded.withLock { found in paths.indices.compactMap { found[$0] } }
        guard channels.count == paths.count else { throw CocoaError(.fileReadUnknown) }
        return channels
    }
}

/// What Linux says of this process.
enum ProcessMemory {
    /// The most memory that was resident, MB (10⁶ bytes).
    static var peakMegabytes: Double {
        guard let data = FileManager.default.contents(atPath: "/proc/self/status") else { return 0 }
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") where line.hasPrefix("VmHWM:") {
            let numbers = line.split(separator: " ").compactMap { Double($0) }
            return (numbers.first ?? 0) * 1024 / 1e6
        }
        return 0
    }

    /// Keeps an outcome from being optimized away, and says it.
    static func note(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}

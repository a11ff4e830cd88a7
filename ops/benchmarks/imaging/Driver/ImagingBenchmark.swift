import ArgumentParser
import Imaging

/// `oncorelay-imaging-benchmark WORK …`: times the imaging room's work inside this process; JSON on standard output.
@main
struct ImagingBenchmark: ParsableCommand {
    enum Work: String, CaseIterable, ExpressibleByArgument {
        case patch, resample, n4, inflate, study
    }

    static let configuration = CommandConfiguration(
        commandName: "oncorelay-imaging-benchmark",
        abstract: "Times the imaging room's work; see ops/benchmarks/imaging/run.")

    @Argument(help: "patch, resample, n4, inflate or study.")
    var work: Work

    @Argument(help: "The images.")
    var images: [String]

    @Option(help: "A mask for n4.")
    var mask: String?

    @Option(help: "How often; the first time is not counted.")
    var repeats = 5

    func run() throws {
        var milliseconds: [Double] = []
        let body = try prepared()
        for index in 0...repeats {
            let start = ContinuousClock.now
            try body()
            if index > 0 { milliseconds.append((ContinuousClock.now - start) / .milliseconds(1)) }
        }
        let list = milliseconds.map { "\($0)" }.joined(separator: ", ")
        print("{\"milliseconds\": [\(list)], \"peakMB\": \(ProcessMemory.peakMegabytes)}")
    }

    private func prepared() throws -> () throws -> Void {
        switch work {
        case .patch, .study:
            return { [images] in
                try Self.patch(of: VolumeLoading.all(images, normalization: IntensityNormalization(method: .zScore)))
            }
        case .resample:
            let volume = try NIfTIReader().read(path: images[0]).volume
            let grid = try VolumeGrid(of: volume).respaced(volume.spacing * 0.8)
            return { _ = try VolumeResampler().resample(volume, to: grid) }
        case .n4:
            let volume = try NIfTIReader().read(path: images[0]).volume
            let voxels = try mask.map { HeadMask.voxels(of: try NIfTIReader().read(path: $0).volume, .nonzero) }
            return {
                let corrected = try BiasFieldCorrection().correct(volume, mask: voxels)
                ProcessMemory.note("iterations \(corrected.iterations)")
            }
        case .inflate:
            return { [images] in _ = try NIfTIReader().readImage(path: images[0]) }
        }
    }

    /// 64³ samples of 1 mm around the middle of the first volume, z-scored within the head.
    private static func patch(of channels: [PatchChannel]) throws {
        let first = channels[0].volume
        let middle = Point(Double(first.shape[0]), Double(first.shape[1]), Double(first.shape[2])) * 0.5
        let grid = try PatchGrid(center: first.affine.apply(middle), size: [64, 64, 64], spacing: Point(1, 1, 1))
        _ = try PatchSampler().sample(channels, on: grid)
    }
}

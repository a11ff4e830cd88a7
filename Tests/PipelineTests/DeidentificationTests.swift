import Contracts
import EmbeddedPipeline
import Foundation
import Imaging
import Logging
import Messaging
import Synchronization
import Tensors
import TensorStore
import TestSupport
import Testing

/// A name that is planted wherever a file can hold text comes out nowhere.
struct DeidentificationTests {
    private static let canary = "CANARY^DOE^JANE"

    /// Where the canary was found.
    private static func finds(_ bytes: [UInt8]) -> Bool { Data(bytes).range(of: Data(canary.utf8)) != nil }

    /// A NIfTI file with the canary in every text field and in two extensions.
    private static func nifti(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        func plant(_ offset: Int, _ count: Int) {
            let text = Array(canary.utf8.prefix(count))
            bytes.replaceSubrange(offset..<offset + text.count, with: text)
        }
        plant(4, 10)  // data_type
        plant(14, 18)  // db_name
        plant(148, 80)  // descrip
        plant(228, 24)  // aux_file
        plant(328, 16)  // intent_name
        // Two extensions of 32 bytes: DICOM (2) and comment (6).
        var extensions: [UInt8] = [1, 0, 0, 0]
        for code in [2, 6] as [UInt32] {
            withUnsafeBytes(of: UInt32(32).littleEndian) { extensions.append(contentsOf: $0) }
            withUnsafeBytes(of: code.littleEndian) { extensions.append(contentsOf: $0) }
            extensions += Array(canary.utf8) + [UInt8](repeating: 0, count: 24 - canary.utf8.count)
        }
        withUnsafeBytes(of: Float(348 + extensions.count).bitPattern.littleEndian) {
            bytes.replaceSubrange(108..<112, with: $0)
        }
        return Array(bytes[..<348]) + extensions + Array(bytes[352...])
    }

    @Test func aNameInANIfTIFileComesOutNowhere() async throws {
        try await expectSilence { folder in
            var study = try folder.brainStudy("1.2.3.50")
            for index in study.series.indices {
                let name = String(study.series[index].location.dropFirst("file:".count))
                let plain = try NIfTIWriter.encoded(folder.volume(name))
                study.series[index].location = try folder.write(
                    Self.nifti(plain), folder.fresh("\(index).nii"))
            }
            return study
        }
    }

    @Test(.enabled(if: DICOMReader.isAvailable, "dcm2niix is not installed"))
    func aNameInADICOMSeriesComesOutNowhere() async throws {
        try await expectSilence { folder in
            var study = try folder.nodeStudy("1.2.3.51")
            let volume = try folder.volume(String(study.series[0].location.dropFirst("file:".count)))
            let place = folder.fresh("series")
            var dicom = NamedDICOM(Self.canary)
            for instance in 1...volume.shape[2] {
                try folder.write(dicom.slice(instance, of: volume), "\(place)/\(Self.canary)-\(instance)")
            }
            study.series = [SubmittedSeries(sequence: .t2, location: "file:\(place)")]
            let center = [-Double(volume.shape[0]) / 2, -Double(volume.shape[1]) / 2, 3 * Double(volume.shape[2]) / 2]
            study.regions = SubmittedRegions(boxes: [
                RegionBox(
                    id: "node-1", frame: .world, minimum: center.map { $0 - 5 }, maximum: center.map { $0 + 5 })
            ])
            return study
        }
    }

    /// Where a file lies is for the stages to know: they read it again when its tensor is lost.
    @Test func aNameInALocationStaysBetweenTheStages() async throws {
        try await expectSilence(inPipeline: false) { folder in
            var study = try folder.nodeStudy("1.2.3.52")
            let name = String(study.series[0].location.dropFirst("file:".count))
            study.series[0].location = try folder.write(
                try folder.bytes(name), "\(folder.fresh(Self.canary))/t2.nii.gz")
            return study
        }
    }

    /// Runs a study, and looks for the canary in every event, tensor, key of the store, line of the log and file.
    private func expectSilence(
        inPipeline: Bool = true, _ make: @escaping @Sendable (StudyFolder) throws -> StudySubmitted
    ) async throws {
        let heard = Heard()
        let store = WatchfulStore(
            beforePut: { key, _ in heard.add(Array(key.utf8)) },
            beforeGet: { key, store in
                let tensor = try await store.get(key, expiresAt: nil, checksum: nil)
                tensor.buffer.withUnsafeBytes { heard.add(Array($0)) }
            })
        try await PipelineHarness.run(store: store, log: { heard.add(Array($0.utf8)) }) { harness in
            var study = try make(harness.folder)
            study.patientID = Self.canary
            let ending = try await harness.ending(of: study)
            #expect([ResultFinal.event, ResultPartial.event].contains(ending.event), "\(ending.event)")
            let events = harness.journal.events
            #expect(events.count >= 4)
            for event in events where inPipeline || event.exchange != Exchange.pipeline {
                #expect(!Self.finds(event.body), "\(event.event)")
            }
            let pictures = harness.folder.path + "/pictures"
            let drawn = try await ResultPictures(roots: [harness.folder.root], heatmaps: harness.folder.heatmaps)
                .write(study, ending.result(), to: pictures)
            #expect(!drawn.isEmpty)
            for name in drawn {
                let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: pictures + "/" + name)))
                heard.add(Array(name.utf8))
                heard.add(bytes)
                // Compressed text would hide from a search.
                #expect(Self.chunks(ofPNG: bytes).isSubset(of: ["IHDR", "PLTE", "IDAT", "IEND"]))
            }
            for name in try FileManager.default.subpathsOfDirectory(atPath: harness.folder.heatmaps) {
                heard.add(Array(name.utf8))
                FileManager.default.contents(atPath: harness.folder.heatmaps + "/" + name).map { heard.add(Array($0)) }
                guard name.hasSuffix(".nii.gz") else { continue }
                heard.add(Array(try Tool.run("gzip", ["-dc", harness.folder.heatmaps + "/" + name])))
            }
            #expect(try await harness.parked().isEmpty)
        }
        #expect(heard.count > 10)
        #expect(!heard.hasCanary)
    }

    /// The kinds of a PNG's chunks.
    private static func chunks(ofPNG bytes: [UInt8]) -> Set<String> {
        var kinds: Set<String> = []
        var place = 8
        while place + 8 <= bytes.count {
            kinds.insert(String(decoding: bytes[place + 4..<place + 8], as: UTF8.self))
            place += 12 + bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        return kinds
    }

    /// Everything that came out, looked through as it comes.
    private final class Heard: Sendable {
        private let state = Mutex((count: 0, hasCanary: false))

        var count: Int { state.withLock { $0.count } }
        var hasCanary: Bool { state.withLock { $0.hasCanary } }

        func add(_ bytes: [UInt8]) {
            let found = DeidentificationTests.finds(bytes)
            state.withLock {
                $0.count += 1
                $0.hasCanary = $0.hasCanary || found
            }
        }
    }
}

import Contracts
import EmbeddedPipeline
import Foundation
import Imaging
import Logging
import Messaging
import Synchronization
import Tensors
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

    /// A DICOM slice (explicit little endian) with the canary in every attribute that may hold free text.
    private static func dicom(instance: Int, of volume: Volume) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
        func number<Integer: FixedWidthInteger>(_ value: Integer) {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        func put(_ tag: UInt32, _ kind: String, _ value: [UInt8]) {
            number(UInt16(tag >> 16))
            number(UInt16(truncatingIfNeeded: tag))
            bytes += Array(kind.utf8)
            if ["OB", "OW", "UN"].contains(kind) {
                number(UInt16(0))
                number(UInt32(value.count))
            } else {
                number(UInt16(value.count))
            }
            bytes += value
        }
        func text(_ tag: UInt32, _ kind: String, _ value: String) {
            let bytes = Array(value.utf8)
            put(tag, kind, bytes.count % 2 == 0 ? bytes : bytes + [kind == "UI" ? 0 : 0x20])
        }
        func short(_ tag: UInt32, _ value: Int) { put(tag, "US", [UInt8(value & 255), UInt8(value >> 8)]) }
        let (width, height) = (volume.shape[0], volume.shape[1])
        text(0x0002_0010, "UI", "1.2.840.10008.1.2.1")
        text(0x0008_0008, "CS", "ORIGINAL\\PRIMARY\\M")
        text(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.4")
        text(0x0008_0018, "UI", "1.2.3.77.\(instance)")
        text(0x0008_0050, "SH", canary)
        text(0x0008_0060, "CS", "MR")
        text(0x0008_0070, "LO", "SIEMENS")
        for tag in [0x0008_0080, 0x0008_0081, 0x0008_0090, 0x0008_1010, 0x0008_1030, 0x0008_103E] as [UInt32] {
            text(tag, "LO", canary + (tag == 0x0008_103E ? " t2_tse" : ""))
        }
        for tag in [0x0008_1040, 0x0008_1050, 0x0008_1070, 0x0008_1090] as [UInt32] { text(tag, "LO", canary) }
        for tag in [0x0010_0010, 0x0010_0020, 0x0010_1000, 0x0010_1040, 0x0010_21B0, 0x0010_4000] as [UInt32] {
            text(tag, tag == 0x0010_0010 ? "PN" : "LO", canary)
        }
        text(0x0018_0010, "LO", canary)
        text(0x0018_0015, "CS", "PELVIS")
        text(0x0018_0020, "CS", "SE")
        text(0x0018_0024, "SH", canary)
        text(0x0018_0050, "DS", "3")
        text(0x0018_0080, "DS", "4000")
        text(0x0018_0081, "DS", "100")
        text(0x0018_1000, "LO", canary)
        text(0x0018_1020, "LO", canary)
        text(0x0018_1030, "LO", canary)
        text(0x0020_000D, "UI", "1.2.3.7")
        text(0x0020_000E, "UI", "1.2.3.77")
        text(0x0020_0010, "SH", canary)
        text(0x0020_0011, "IS", "1")
        text(0x0020_0013, "IS", "\(instance)")
        text(0x0020_0032, "DS", "0\\0\\\(3 * instance)")
        text(0x0020_0037, "DS", "1\\0\\0\\0\\1\\0")
        text(0x0020_4000, "LT", canary)
        short(0x0028_0002, 1)
        text(0x0028_0004, "CS", "MONOCHROME2")
        short(0x0028_0010, height)
        short(0x0028_0011, width)
        text(0x0028_0030, "DS", "1\\1")
        short(0x0028_0100, 16)
        short(0x0028_0101, 16)
        short(0x0028_0102, 15)
        short(0x0028_0103, 0)
        text(0x0032_1060, "LO", canary)
        text(0x0040_0254, "LO", canary)
        text(0x0051_1008, "LO", canary)
        var pixels: [UInt8] = []
        for j in 0..<height {
            for i in 0..<width {
                let value = Int(max(0, min(4000, volume.value(i, j, instance - 1) ?? 0)))
                pixels += [UInt8(value & 255), UInt8(value >> 8)]
            }
        }
        put(0x7FE0_0010, "OW", pixels)
        return bytes
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
            for instance in 1...volume.shape[2] {
                try folder.write(Self.dicom(instance: instance, of: volume), "\(place)/\(Self.canary)-\(instance)")
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

    /// Runs a study, and looks for the canary in every event, tensor, key of the store, line of the log and file.
    private func expectSilence(
        _ make: @escaping @Sendable (StudyFolder) throws -> StudySubmitted
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
            for event in events { #expect(!Self.finds(event.body), "\(event.event)") }
            for name in try FileManager.default.subpathsOfDirectory(atPath: harness.folder.heatmaps) {
                heard.add(Array(name.utf8))
                FileManager.default.contents(atPath: harness.folder.heatmaps + "/" + name).map { heard.add(Array($0)) }
            }
            #expect(try await harness.parked().isEmpty)
        }
        #expect(heard.count > 10)
        #expect(!heard.hasCanary)
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

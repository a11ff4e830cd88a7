import Contracts
import Foundation
import Testing

@testable import Imaging

/// What tells series apart without the scanner's free text.
struct FolderSurveyTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "oncorelay-survey-\(UUID().uuidString)")
        .path

    private func facts(of images: [DICOMFixture]) throws -> [String] {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try DICOMFixture.write(images, to: folder)
        return try FolderSurvey(LocatedFolder(path: folder)).series.map { $0.facts?.text ?? "none" }
    }

    @Test func aDICOMSeriesIsToldByItsNumbers() throws {
        let axial = (0..<4).map { DICOMFixture(instance: $0 + 1, position: (0, 0, Double($0) * 5), spacing: 5) }
        #expect(try facts(of: axial) == ["MR, axial, 4 slices of 16×16, 1×1×5 mm, TR 4500 ms, TE 98 ms"])
    }

    @Test func planeVolumesInversionTimeAndBValuesAreSaid() throws {
        let images = (0..<6).map { index in
            var one = DICOMFixture(
                instance: index + 1, position: (Double(index % 3) * 4, 0, 0), orientation: [0, 1, 0, 0, 0, -1])
            one.elements[0x0018_0082] = .text("DS", "2500")
            one.elements[0x0018_9087] = .text("DS", index < 3 ? "0" : "1000")
            return one
        }
        #expect(
            try facts(of: images)
                == ["MR, sagittal, 2 × 3 slices of 16×16, 1×1×4 mm, TR 4500 ms, TE 98 ms, TI 2500 ms, b 0, 1000 s/mm²"])
    }

    @Test func nothingThatSomebodyWroteIsAmongTheFacts() throws {
        var one = DICOMFixture(instance: 1, position: (0, 0, 0))
        for tag in [0x0008_0060, 0x0008_0070, 0x0008_103E, 0x0018_1030, 0x0018_0024, 0x0018_0010] as [UInt32] {
            one.elements[tag] = .text("LO", "CANARY^ANNA")
        }
        #expect(try facts(of: [one]) == ["axial, 1 slice of 16×16, 1×1×3 mm, TR 4500 ms, TE 98 ms"])
    }

    @Test func mosaicsAreCounted() throws {
        let images = (0..<3).map { index in
            var one = DICOMFixture(instance: index + 1, position: (0, 0, 0))
            one.elements[0x0008_0008] = .text("CS", "ORIGINAL\\PRIMARY\\M\\MOSAIC")
            return one
        }
        #expect(try facts(of: images) == ["MR, 3 mosaics of 16×16, TR 4500 ms, TE 98 ms"])
    }

    @Test func aFrameOfAnEnhancedImageIsASlice() throws {
        let text = try facts(of: [DICOMFixture(enhanced: 5)])
        #expect(text == ["MR, axial, 5 slices of 16×16, 1×1×3 mm, TR 4500 ms, TE 98 ms"])
    }
}

import Contracts
import Foundation
import Imaging
import Testing

@testable import oncorelay

/// What is made of a folder, and what is asked.
final class FolderStudyTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "oncorelay-folder-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func put(_ name: String, _ text: String = "") throws {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    private func study(
        _ answers: FolderStudy.Answers, roots: [String] = [], typing lines: [String]? = nil
    ) throws -> StudySubmitted {
        nonisolated(unsafe) var rest = lines ?? []
        let questions = FolderQuestions(
            console: Console(output: { _ in }, notes: { _ in }), isInteractive: lines != nil,
            answer: { rest.isEmpty ? nil : rest.removeFirst() })
        return try questions.study(folder: folder.path, roots: roots, answers: answers)
    }

    private func putBrain() throws {
        try put("anat/sub-01_T1w.nii.gz")
        try put("anat/sub-01_T2w.nii.gz")
        try put("anat/sub-01_ce-gd_T1w.nii.gz")
        try put(
            "anat/sub-01_ce-gd_T1w.json",
            #"{"SeriesDescription":"t1_mprage","ContrastBolusAgent":"Gadovist","InversionTime":0.9,"EchoTime":0.003}"#)
        try put("anat/sub-01_FLAIR.nii.gz")
        try put("dwi/sub-01_dwi.nii.gz")
        try put("dwi/sub-01_adc.nii.gz")
        try put("anat/sub-01_lesion_mask.nii.gz")
    }

    @Test func aFolderInTheMannerOfBIDSIsAStudy() throws {
        try putBrain()
        let study = try self.study(
            FolderStudy.Answers(task: .brainMetastasis), roots: [folder.deletingLastPathComponent().path])
        let name = folder.lastPathComponent
        try #require(study.series.map(\.sequence) == [.t1, .t2, .flair, .dwi, .t1ce])
        #expect(study.series[0].location == "file:\(name)/anat/sub-01_T1w.nii.gz")
        #expect(study.series[4].location == "file:\(name)/anat/sub-01_ce-gd_T1w.nii.gz")
        #expect(study.series[3].location.hasSuffix("dwi/sub-01_dwi.nii.gz"))
        #expect(study.regions?.mask?.location == "file:\(name)/anat/sub-01_lesion_mask.nii.gz")
        #expect(study.studyInstanceUID.hasPrefix("2.25."))
        try study.validate()
    }

    @Test func aScriptIsToldTheFlagThatIsMissing() throws {
        try putBrain()
        let error = #expect(throws: CommandFailure.self) { try self.study(FolderStudy.Answers()) }
        #expect(error?.status == .usage)
        #expect(error?.message.contains("Give --task; one of: brain-metastasis, lymph-node") == true)
    }

    @Test func aPersonIsAskedWhatNobodyCanKnow() throws {
        try putBrain()
        try put("anat/second_T1w.nii.gz")
        // The task by its number, then which T1.
        let study = try self.study(FolderStudy.Answers(), typing: ["1", "", "anat/sub-01_T1w.nii.gz"])
        #expect(study.task == .brainMetastasis)
        #expect(study.series.first { $0.sequence == .t1 }?.location.hasSuffix("anat/sub-01_T1w.nii.gz") == true)
    }

    @Test func twoSeriesOfOneSequenceNeedAFlag() throws {
        try putBrain()
        try put("anat/second_T1w.nii.gz")
        let error = #expect(throws: CommandFailure.self) {
            try self.study(FolderStudy.Answers(task: .brainMetastasis))
        }
        #expect(error?.message.contains("--series T1=PATH") == true)
        try putBrain()
        try put("anat/second_T1w.nii.gz")
        let study = try self.study(
            FolderStudy.Answers(task: .brainMetastasis, series: [.t1: "anat/second_T1w.nii.gz"]))
        #expect(study.series.first?.location.hasSuffix("second_T1w.nii.gz") == true)
    }

    @Test func aPersonIsToldWhatASeriesIsWithoutItsDescription() throws {
        let sidecar = #"{"Modality":"MR","SeriesDescription":"ANNA CANARY","EchoTime":0.012,"RepetitionTime":0.6}"#
        try put("one.nii.gz")
        try put("one.json", sidecar)
        try put("two.nii.gz")
        let error = #expect(throws: CommandFailure.self) {
            try self.study(FolderStudy.Answers(task: .lymphNode))
        }
        #expect(
            error?.message.contains(
                "one of: one.nii.gz (not recognized; MR, TR 600 ms, TE 12 ms), two.nii.gz (not recognized)") == true)
        #expect(error?.message.contains("CANARY") == false)
    }

    @Test func picturesAloneAreCutOutsOfNodes() throws {
        try put("a.png")
        try put("b one.jpg")
        let study = try self.study(FolderStudy.Answers())
        #expect(study.task == .lymphNode)
        #expect(study.regions == nil)
        #expect(study.series.map(\.sequence) == [.t2, .t2])
        #expect(study.series[1].location.hasSuffix("/b%20one.jpg"))
    }

    @Test func anEmptyFolderIsNoStudy() throws {
        let error = #expect(throws: CommandFailure.self) { try self.study(FolderStudy.Answers()) }
        #expect(error?.status == .dataError)
    }

    @Test func aNameMadeOfADigestIsADICOMUID() {
        let uid = FolderStudy.derivedUID(of: "x")
        #expect(uid == FolderStudy.derivedUID(of: "x"))
        #expect(uid != FolderStudy.derivedUID(of: "y"))
        #expect(uid.utf8.count <= 64)
    }
}

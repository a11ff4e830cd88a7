import Contracts
import Datasets
import Foundation
import Testing

@Suite struct DatasetReaderTests {
    @Test func brainStudiesThatNibabelWroteAreRead() throws {
        let root = try TemporaryDataset.fixture("brains")
        let dataset = try DatasetReader().read(root)
        #expect(dataset.kind == .brainMetastasis)
        #expect(
            dataset.examples.map(\.id) == [
                "sub-01_lesion-1", "sub-02_lesion-1", "sub-02_lesion-2", "sub-03_lesion-3", "sub-04_ses-a_lesion-1",
            ])
        #expect(dataset.examples.map(\.patient) == ["sub-01", "sub-02", "sub-02", "sub-03", "sub-04"])
        #expect(dataset.examples.map(\.outcome) == [.sclc, .nsclc, .nsclc, .bc, .gic])
        guard case .lesion(let series, let mask, let label) = dataset.examples[4].source else {
            Issue.record("a brain dataset has lesions")
            return
        }
        #expect(Set(series.keys) == Set(MRSequence.allCases))
        #expect(series[.t1]?.lastPathComponent == "sub-04_ses-a_T1w.nii.gz")
        #expect(series[.t1ce]?.lastPathComponent == "sub-04_ses-a_ce-gadolinium_T1w.nii.gz")
        #expect(series[.dwi]?.path.hasSuffix("sub-04/ses-a/dwi/sub-04_ses-a_dwi.nii.gz") == true)
        #expect(mask.path.hasSuffix("derivatives/manual/sub-04/ses-a/anat/sub-04_ses-a_space-T1w_dseg.nii.gz"))
        #expect(label == 1)
    }

    @Test func picturesThatPillowWroteAreRead() throws {
        let dataset = try DatasetReader().read(try TemporaryDataset.fixture("nodes"))
        #expect(dataset.kind == .lymphNode)
        #expect(dataset.examples.map(\.group) == ["A/1", "A/1", "B/1", "B/2", "C/1", "C/1"])
        #expect(dataset.examples.map(\.shortAxis) == [7.5, 7.5, nil, 9, 4.2, 4.2])
        let first = dataset.examples[0]
        #expect(first.outcome == .positive)
        #expect(first.readers["reader1"] == Example.ReaderCall(withoutShortAxis: true, withShortAxis: false))
        #expect(first.readers["reader2"] == Example.ReaderCall(withoutShortAxis: true))
        #expect(dataset.examples[1].readers["reader1"] == Example.ReaderCall(withoutShortAxis: true))
        #expect(dataset.examples[2].readers["reader2"] == nil)
        #expect(
            dataset.examples[3].source
                == .cutout(image: dataset.root.appending(path: "images/b2.jpg"), plane: .sagittal))
    }

    @Test func everyQuestionTakesItsOutcomes() throws {
        let dataset = try DatasetReader(depth: .tables).read(try TemporaryDataset.fixture("brains"))
        #expect(dataset.labelled(for: .lungVersusNonLung).map(\.label) == [1, 1, 1, 0, 0])
        #expect(dataset.labelled(for: .sclcVersusNSCLC).map(\.label) == [1, 0, 0])
        #expect(dataset.labelled(for: .bcVersusGIC).map(\.label) == [1, 0])
        #expect(dataset.labelled(for: .nodeStatus).isEmpty)
        #expect(ClassifierRole.allCases.allSatisfy { ClassifierRole(labels: $0.classNames) == $0 })
    }

    @Test func allThatIsWrongWithBrainStudiesIsToldAtOnce() throws {
        let dataset = try TemporaryDataset("brains")
        try dataset.remove("sub-01/anat/sub-01_FLAIR.nii.gz")
        try dataset.truncate("sub-01/dwi/sub-01_dwi.nii.gz", to: 300)
        try dataset.write(
            """
            participant_id\tlabel\torigin
            sub-01\t1\tSCLC
            sub-01\t1\tSCLC
            sub-02\t7\tNSCLC
            sub-02\tone\tNSCLC
            sub-02\t2\tMelanoma
            sub-03\t3\tGIC
            sub-05\t1\tBC
            ../sub-01\t1\tBC
            sub-02\t1

            """, to: "lesions.tsv")
        let found = dataset.problems().map { "\($0.file) \($0.row ?? 0) \($0.column ?? "")" }
        #expect(
            found == [
                "lesions.tsv 3 label", "lesions.tsv 4 label", "lesions.tsv 5 label", "lesions.tsv 6 origin",
                "lesions.tsv 7 origin", "lesions.tsv 8 participant_id", "lesions.tsv 9 participant_id",
                "lesions.tsv 10 ", "sub-01 0 ", "sub-01/dwi/sub-01_dwi.nii.gz 0 ", "sub-05 0 ",
            ])
        let text = DatasetProblems(dataset.problems()).description
        #expect(text.contains("the FLAIR series is missing"))
        #expect(text.contains("has no label 7, found 1, 2"))
        #expect(text.contains("expected one of SCLC, NSCLC, BC, GIC, found 'Melanoma'"))
        #expect(text.contains("stands in row 2 already"))
        #expect(text.hasPrefix("the dataset has 11 problems:"))
    }

    @Test func emptyMapsAndMapsOfAnotherGridAreTold() throws {
        let dataset = try TemporaryDataset("brains")
        let map = "derivatives/manual/sub-01/anat/sub-01_space-T1w_dseg.nii.gz"
        // A T1 image is no label map, and a map of nothing has no lesions.
        try dataset.remove(map)
        try FileManager.default.copyItem(
            at: dataset.root.appending(path: "sub-01/anat/sub-01_T1w.nii.gz"), to: dataset.root.appending(path: map))
        try EmptyMap.write(
            to: dataset.root.appending(path: "derivatives/manual/sub-02/anat/sub-02_space-T1w_dseg.nii.gz"))
        let problems = dataset.problems()
        #expect(problems.contains { $0.file.contains("sub-02") && $0.reason.contains("found no voxel that is not 0") })
        #expect(problems.contains { $0.file.contains("sub-02") && $0.reason.contains("grid") })
    }

    @Test func onlySequencesThatAreNeededMustBeThere() throws {
        let dataset = try TemporaryDataset("brains")
        try dataset.remove("sub-02/dwi")
        #expect(dataset.problems().map(\.file) == ["sub-02"])
        #expect(dataset.problems(DatasetReader(sequences: [.t1, .t2])).isEmpty)
    }

    @Test func allThatIsWrongWithPicturesIsToldAtOnce() throws {
        let dataset = try TemporaryDataset("nodes")
        try dataset.truncate("images/b1.png", to: 200)
        let outside = FileManager.default.temporaryDirectory.appending(path: "outside-\(UUID().uuidString).png")
        try FileManager.default.copyItem(at: dataset.root.appending(path: "images/c1.png"), to: outside)
        defer { try? FileManager.default.removeItem(at: outside) }
        try FileManager.default.createSymbolicLink(
            at: dataset.root.appending(path: "images/link.png"), withDestinationURL: outside)
        try dataset.write(
            """
            image\tpatient\tnode\tplane\tstatus\tshort_axis_mm\treader1
            images/a1.png\tA\t1\taxial\tpositive\t7.5\tpositive
            images/a1.png\tA\t1\tcoronal\tpositive\twide\tpositive
            images/a2.png\tA\t1\taxial\tnegative\t7.5\tperhaps
            images/b1.png\tB\t1\toblique\tpositive\t-3\tpositive
            images/b1.png\tB\t1\taxial\tunknown\t3\tpositive
            ../\(outside.lastPathComponent)\tB\t2\taxial\tpositive\t3\tpositive
            images/link.png\tB\t3\taxial\tpositive\t3\tpositive
            images/none.png\tB\t4\taxial\tpositive\t3\tpositive
            \t\t5\taxial\tpositive\t3\tpositive
            images/c1.png\tC\t1\taxial\tpositive\t3\tpositive
            images/c2.png\tC\t1\taxial\tnegative\t3\tpositive

            """, to: "nodes.tsv")
        let found = dataset.problems().map { "\($0.row ?? 0) \($0.column ?? "")" }
        #expect(
            found == [
                "3 image", "3 short_axis_mm", "4 reader1", "5 plane", "5 short_axis_mm", "5 image", "6 image",
                "6 status",
                "7 image", "8 image", "9 image", "10 image", "10 patient", "12 status",
            ])
    }

    @Test func brokenPicturesAreTold() throws {
        let dataset = try TemporaryDataset("nodes")
        try dataset.truncate("images/b1.png", to: 200)
        try dataset.write("no picture", to: "images/c2.png")
        let problems = dataset.problems()
        #expect(problems.map(\.row) == [4, 7])
        #expect(problems.allSatisfy { $0.column == "image" })
        #expect(dataset.problems(DatasetReader(depth: .tables)).isEmpty)
    }

    @Test func oneClassIsNotEnough() throws {
        let dataset = try TemporaryDataset("nodes")
        try dataset.replace("negative\tn/a\tnegative", with: "positive\tn/a\tnegative", in: "nodes.tsv")
        try dataset.replace("\tnegative\t4.2", with: "\tpositive\t4.2", in: "nodes.tsv")
        let problems = dataset.problems()
        #expect(problems.count == 1)
        #expect(problems.first?.reason.contains("expected outcomes of two classes, found only positive") == true)
    }

    @Test(arguments: [
        ("image,patient,node,plane,status\nimages/a1.png,A,1,axial,positive\n", "not commas"),
        ("", "expected a header"), ("image\timage\tpatient\tnode\tplane\tstatus\n", "the column stands twice"),
        ("image\tpatient\tnode\tplane\tstatus\n", "expected rows below the header"),
        ("image\tpatient\tnode\tplane\n", "the column is missing"), ("image\0\n", "expected text in UTF-8"),
    ])
    func tablesThatCannotBeUsedAreTold(_ text: String, _ reason: String) throws {
        let dataset = try TemporaryDataset("nodes")
        try dataset.write(text, to: "nodes.tsv")
        #expect(dataset.problems().contains { $0.file == "nodes.tsv" && $0.description.contains(reason) })
    }

    @Test func linesMayEndAsWindowsEndsThem() throws {
        let dataset = try TemporaryDataset("nodes")
        try dataset.write(
            "\u{FEFF}" + dataset.text("nodes.tsv").replacingOccurrences(of: "\n", with: "\r\n"), to: "nodes.tsv")
        #expect(dataset.problems().isEmpty)
    }

    @Test func foldersWithoutATableAreTold() throws {
        let dataset = try TemporaryDataset("nodes")
        try dataset.remove("nodes.tsv")
        #expect(dataset.problems().first?.reason.contains("found neither") == true)
        let problems = #expect(throws: DatasetProblems.self) {
            try DatasetReader().read(dataset.root.appending(path: "none"))
        }
        #expect(problems?.problems.first?.reason == "expected the dataset's folder, found none")
    }
}

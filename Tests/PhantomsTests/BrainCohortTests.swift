import Contracts
import Datasets
import Foundation
import Imaging
import Testing

@testable import Phantoms

@Suite struct BrainCohortTests {
    /// Coarse, so that a test is quick.
    private static func cohort(_ patients: Int, seed: UInt64 = 7, spacing: Double = 6) -> BrainCohort {
        var cohort = BrainCohort(patients: patients, seed: seed, difficulty: .easy, spacing: spacing)
        cohort.draws = 500
        return cohort
    }

    @Test func cohortsAreDatasetsWithoutProblems() async throws {
        let folder = TemporaryFolder()
        let truth = try await Self.cohort(4).write(to: folder.path)
        let dataset = try DatasetReader().read(folder.url)
        #expect(dataset.kind == .brainMetastasis)
        #expect(dataset.examples.count == truth.examples)
        #expect(Set(dataset.examples.map(\.patient)).count == 4)
        for outcome in Outcome.all(of: .brainMetastasis) {
            let patients = Set(dataset.examples.filter { $0.outcome == outcome }.map(\.patient))
            #expect(patients.count == 1)
        }
        let read = try JSONDecoder().decode(
            CohortTruth.self, from: Data(contentsOf: folder.url.appending(path: "truth.json")))
        #expect(read.attainable.count == 3 * 9)
        #expect(read.note.contains("Research use only. Not for diagnosis."))
        let table = try String(contentsOf: folder.url.appending(path: "truth.tsv"), encoding: .utf8)
        #expect(table.split(separator: "\n").count == truth.examples + 1)
        let study = try JSONDecoder().decode(
            StudySubmitted.self, from: Data(contentsOf: folder.url.appending(path: "studies/sub-0003.json")))
        #expect(study.series.map(\.sequence) == MRSequence.allCases)
        for series in study.series {
            let path = folder.url.appending(path: String(series.location.dropFirst(5)))
            #expect(FileManager.default.fileExists(atPath: path.path))
        }
    }

    @Test func theSameSeedMakesTheSamePatient() throws {
        let first = try Self.cohort(4, spacing: 12).patient(2)
        let again = try Self.cohort(4, spacing: 12).patient(2)
        let other = try Self.cohort(4, seed: 8, spacing: 12).patient(2)
        for sequence in MRSequence.allCases {
            let bytes = try #require(first.volumes[sequence]).voxelBytes
            #expect(bytes == again.volumes[sequence]?.voxelBytes)
            #expect(bytes != other.volumes[sequence]?.voxelBytes)
        }
        #expect(first.mask.voxelBytes == again.mask.voxelBytes)
    }

    @Test func patientsDifferInGridAndSeriesShareIt() throws {
        let cohort = Self.cohort(6, spacing: 14)
        let patients = try (1...6).map { try cohort.patient($0) }
        for patient in patients {
            #expect(patient.volumes.values.allSatisfy { $0.hasSameGrid(as: patient.mask, tolerance: 0) })
        }
        #expect(Set(patients.map { "\($0.mask.orientation)" }).count > 1)
        #expect(Set(patients.map { "\($0.mask.spacing)" }).count == 6)
    }

    /// What the attainable AUC rests on: a latent changes the sequences that it is said to change, and no other.
    @Test(arguments: LatentModel.BrainLatent.allCases)
    func latentsShowInTheirSequencesOnly(_ latent: LatentModel.BrainLatent) throws {
        let model = LatentModel.brainMetastasis(separation: 0)
        var random = PhantomRandom(seed: 12)
        let anatomy = HeadAnatomy(&random)
        let fields = LesionFields(&random)
        let scanner = HeadScanner(
            shape: [12, 11, 10], affine: Affine(spacing: Point(4, 4, 4), origin: Point(4, -40, 8)))
        func painted(_ value: Double) -> PaintedHead {
            var latents = [Double](repeating: 0, count: model.latents.count)
            latents[latent.rawValue] = value
            let lesion = BrainLesion(
                label: 1, center: SIMD3(26, -20, 26), radius: 12, irregularity: 0.1, latents: latents)
            return PaintedHead(anatomy, [lesion], fields, scanner)
        }
        let (low, high) = (painted(-1), painted(1))
        #expect(low.labels == high.labels)
        let count = scanner.count
        for (lane, sequence) in MRSequence.allCases.enumerated() {
            let range = lane * count..<(lane + 1) * count
            let isVisible = model.latents[latent.rawValue].sequences.contains(sequence)
            #expect((low.signals[range] == high.signals[range]) != isVisible, "\(sequence)")
        }
    }

    @Test func lesionsAreAsBrightAsTheirLatentSays() throws {
        // White matter in T1 has 620; a lesion 430, and 80 more for each standard deviation.
        func signal(_ latent: Double) -> Float {
            var latents = [Double](repeating: 0, count: 8)
            latents[LatentModel.BrainLatent.t1Signal.rawValue] = latent
            var random = PhantomRandom(seed: 1)
            let fields = LesionFields(&random)
            let lesion = BrainLesion(label: 1, center: .zero, radius: 10, irregularity: 0.1, latents: latents)
            var sample = HeadAnatomy.Sample(signals: TissueSignals.white, white: 1, depth: 30)
            #expect(lesion.paint(SIMD3(1, 0, 0), over: &sample, fields))
            return sample.signals[0]
        }
        #expect(signal(0) == 430)
        #expect(signal(1) > 500 && signal(1) < 511)
        #expect(signal(-2) < signal(-1) && signal(2) > signal(1) && signal(-8) > 0)
    }

    @Test func foldersThatAreFullAreLeftAlone() async throws {
        let folder = TemporaryFolder()
        try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: folder.url.appending(path: "notes.txt"))
        await #expect(throws: CohortError.self) { try await Self.cohort(4).write(to: folder.path) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["notes.txt"])
    }

    @Test func interruptedCohortsLeaveNothing() async throws {
        let folder = TemporaryFolder()
        let cohort = Self.cohort(400)
        let task = Task { try await cohort.write(to: folder.path) }
        task.cancel()
        await #expect(throws: (any Error).self) { try await task.value }
        #expect(folder.siblings.isEmpty)
    }

    @Test func failedCohortsLeaveNothing() async throws {
        struct DiskFull: Error {}
        let folder = TemporaryFolder()
        await #expect(throws: DiskFull.self) {
            try await StagedFolder.whole(folder.path) { staged in
                try staged.makeFolder("sub-0001/anat")
                try staged.write("half of", to: "participants.tsv")
                throw DiskFull()
            }
        }
        #expect(folder.siblings.isEmpty)
    }

    @Test func foldersThatCannotBeMadeAreTold() async {
        await #expect(throws: CohortError.self) { try await Self.cohort(4).write(to: "/proc/none/cohort") }
    }
}

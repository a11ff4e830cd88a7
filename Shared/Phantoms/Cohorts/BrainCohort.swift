import Contracts
package import Datasets
import Imaging

/// A cohort of brain phantoms, written as a BIDS dataset.
package struct BrainCohort: Sendable {
    package let patients: Int
    package let seed: UInt64
    package let difficulty: CohortDifficulty
    /// About so many mm between voxels.
    package let spacing: Double

    /// Of the simulation of the attainable AUC.
    var draws = AttainableAUC.draws

    package init(patients: Int, seed: UInt64, difficulty: CohortDifficulty, spacing: Double = 1.5) {
        self.patients = patients
        self.seed = seed
        self.difficulty = difficulty
        self.spacing = spacing
    }

    package var model: LatentModel { .brainMetastasis(separation: difficulty.separation) }

    /// The origins of all patients: as many of each, in a seeded order.
    package var origins: [Outcome] {
        var random = PhantomRandom.stream(seed, 0)
        let all = Outcome.all(of: .brainMetastasis)
        return random.shuffled((0..<patients).map { all[$0 % all.count] })
    }

    /// One patient, counted from 1; the same whatever else is made.
    package func patient(_ number: Int) throws -> BrainPatient {
        try BrainPatient(origins[number - 1], model: model, spacing: spacing, seed: seed, number: number)
    }

    static func name(_ number: Int) -> String {
        let digits = String(number)
        return "sub-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Writes the cohort; on any error nothing stays.
    ///
    /// - Parameters:
    ///   - folder: absent or empty.
    ///   - progress: how many patients are done, from any thread.
    /// - Returns: what `truth.json` says.
    /// - Throws: ``CohortError``, `ImagingError` or the file system's own error.
    package func write(
        to folder: String, progress: @Sendable @escaping (Int) -> Void = { _ in }
    ) async throws -> CohortTruth {
        try await StagedFolder.whole(folder) { staged in try await fill(staged, progress) }
    }

    private func fill(_ staged: StagedFolder, _ progress: @Sendable @escaping (Int) -> Void) async throws -> CohortTruth
    {
        let origins = origins
        let model = model
        let lesions = try await TeamWork.run(patients, progress) { index in
            let patient = try BrainPatient(
                origins[index], model: model, spacing: spacing, seed: seed, number: index + 1)
            try Self.write(patient, Self.name(index + 1), to: staged)
            return patient.lesions
        }
        try staged.makeFolder("studies")
        for (index, found) in lesions.enumerated() {
            try staged.write(
                json: study(index + 1, found.map(\.label)), to: "studies/\(Self.name(index + 1)).json")
        }
        let tables = BrainTables(origins: origins, lesions: lesions, model: model)
        try staged.write(tables.participants, to: "participants.tsv")
        try staged.write(tables.lesionTable, to: "lesions.tsv")
        try staged.write(tables.truth, to: "truth.tsv")
        try staged.write(BrainTables.description, to: "dataset_description.json")
        try staged.write(BrainTables.derivative, to: "derivatives/lesions/dataset_description.json")
        try staged.write(BrainTables.readme, to: "README")
        try staged.write("studies/\nlesions.tsv\ntruth.tsv\ntruth.json\nsplit.json\n", to: ".bidsignore")
        let truth = CohortTruth(
            model, separation: difficulty.separation, seed: seed, patients: patients, examples: tables.examples,
            draws: draws)
        try staged.write(json: truth, to: "truth.json")
        return truth
    }

    private static func write(_ patient: BrainPatient, _ name: String, to staged: StagedFolder) throws {
        try staged.makeFolder("\(name)/anat")
        try staged.makeFolder("\(name)/dwi")
        for (sequence, volume) in patient.volumes {
            try NIfTIWriter.write(volume, to: "\(staged.staging)/\(file(sequence, name))", level: 1)
        }
        try staged.makeFolder("derivatives/lesions/\(name)/anat")
        try NIfTIWriter.write(patient.mask, to: "\(staged.staging)/\(mask(name))", level: 1)
    }

    /// Where a series lies.
    private static func file(_ sequence: MRSequence, _ name: String) -> String {
        switch sequence {
        case .t1: "\(name)/anat/\(name)_T1w.nii.gz"
        case .t2: "\(name)/anat/\(name)_T2w.nii.gz"
        case .flair: "\(name)/anat/\(name)_FLAIR.nii.gz"
        case .dwi: "\(name)/dwi/\(name)_dwi.nii.gz"
        case .t1ce: "\(name)/anat/\(name)_ce-gadolinium_T1w.nii.gz"
        }
    }

    private static func mask(_ name: String) -> String {
        "derivatives/lesions/\(name)/anat/\(name)_space-T1w_desc-lesions_dseg.nii.gz"
    }

    /// The study as a publisher would send it; locations are relative to the cohort's folder.
    private func study(_ number: Int, _ labels: [Int]) -> StudySubmitted {
        let name = Self.name(number)
        return StudySubmitted(
            studyInstanceUID: "1.2.826.0.1.3680043.10.1561.8.1.\(seed).\(number)", task: .brainMetastasis,
            site: "phantom",
            series: MRSequence.allCases.map {
                SubmittedSeries(sequence: $0, location: "file:" + Self.file($0, name))
            },
            regions: SubmittedRegions(mask: RegionMask(location: "file:" + Self.mask(name), labels: labels)))
    }
}

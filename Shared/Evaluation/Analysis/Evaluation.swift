package import Contracts
internal import Datasets

/// All figures of an evaluation: what `evaluation.json` holds.
package struct Evaluation: Sendable, Encodable {
    package static let currentSchema = "oncorelay.evaluation/1"

    package struct Model: Sendable, Encodable {
        package let system: String
        package let task: ClassifierRole
        package let model: ModelProvenance?
    }

    package let schema: String
    package let disclaimer: String
    package let title: String
    package let task: ClinicalTask
    package let level: Double
    package let resamples: Int
    package let seed: UInt64
    package let correction: EvaluationSettings.Correction
    package let splitUnit: String?
    package let cohorts: [CohortFigure]
    package let cohortTests: [CohortTestFigure]
    package let overlaps: [OverlapFigure]
    package let models: [Model]
    package let figures: [TaskFigure]
    package let comparisons: [ComparisonFigure]
    package let cohortComparisons: [CohortComparisonFigure]
    package let hierarchies: [HierarchyFigure]
    package let readers: [ReaderFigure]
    package let readerComparisons: [ReaderComparisonFigure]
    package let agreement: [AgreementFigure]
    /// How far models' calibration, label sets and limits keep their word.
    package let trust: [TrustFigure]
    package var explanations: [ExplanationFigure]
    /// Figures that were asked for and cannot be had, each with its reason.
    package let notComputed: [String]
    /// What a reader of the figures has to know first.
    package var warnings: [String]

    /// Computes everything.
    ///
    /// - Parameters:
    ///   - material: cases, scores and calls.
    ///   - settings: as given; made whole for the material first.
    /// - Throws: ``EvaluationProblems`` with all that is missing, `StatisticsError`.
    package init(_ material: EvaluationMaterial, settings: EvaluationSettings) throws {
        let settings = try settings.resolved(for: material)
        let analysis = TaskAnalysis(material: material, settings: settings)
        var figures: [TaskFigure] = []
        for unit in settings.units {
            for role in material.roles {
                for cohort in settings.cohorts {
                    for system in material.systems where system.role == role {
                        let cut = try analysis.cut(system, cohort: cohort)
                        if let figure = try analysis.figure(system, cohort: cohort, unit: unit, cut: cut) {
                            figures.append(figure)
                        }
                    }
                }
            }
        }
        let cohorts = CohortAnalysis(material: material)
        let comparisons = ComparisonAnalysis(material: material, settings: settings)
        let readers = try ReaderAnalysis(material: material, settings: settings).figures()
        schema = Self.currentSchema
        disclaimer = Disclaimer.text
        title = settings.title ?? Self.title(of: material.task)
        task = material.task
        level = settings.level
        resamples = settings.resamples
        seed = settings.seed
        correction = settings.correction
        splitUnit = material.splitUnit?.rawValue
        self.cohorts = cohorts.figures()
        let tests = cohorts.tests()
        cohortTests = tests.figures
        overlaps = cohorts.overlaps()
        models = material.systems.map { Model(system: $0.system, task: $0.role, model: $0.model) }
        self.figures = figures
        let pairs = try comparisons.systems()
        self.comparisons = pairs
        cohortComparisons = try comparisons.cohorts()
        let hierarchies = try HierarchyAnalysis(material: material, settings: settings).figures()
        self.hierarchies = hierarchies
        self.readers = readers.rows
        readerComparisons = readers.comparisons
        agreement = readers.agreement
        trust = TrustAnalysis(material: material, settings: settings).figures()
        explanations = []
        notComputed =
            tests.omitted + Omissions.of(figures, pairs, hierarchies, readers.rows) + readers.omitted
        warnings = []
        warnings = EvaluationWarnings.of(self, material, settings)
    }

    private static func title(of task: ClinicalTask) -> String {
        switch task {
        case .brainMetastasis: "Origin of brain metastases"
        case .lymphNode: "Status of lymph nodes"
        }
    }

    /// The unit that networks see, for the plots.
    package var firstUnit: EvaluationUnit { EvaluationUnit.all(of: task)[0] }
}

package import Contracts
package import Datasets
import Statistics

/// One reader's calls in one way of reading, or a network's at its cut, in the paper's layout.
package struct ReaderFigure: Sendable, Encodable {
    package let reader, condition: String
    /// Whether this is a network beside the readers.
    package let isNetwork: Bool
    package let task: ClassifierRole
    package let cohort: Cohort
    package let unit: EvaluationUnit
    package let count: Int
    package let counts: CountsFigure
    /// DeLong's, of the calls; of a network's probabilities.
    package let auc: AreaFigure?
    /// Why there is no area; nil where there is one.
    package let notComputed: String?

    package var name: String { condition.isEmpty ? reader : "\(reader), \(condition)" }
}

/// Two areas on the same cases, one at least a reader's.
package struct ReaderComparisonFigure: Sendable, Encodable {
    package let first, second: String
    package let task: ClassifierRole
    package let cohort: Cohort
    package let unit: EvaluationUnit
    package let count: Int
    package let difference, lower, upper: Double
    package let z: Double?
    package let p: Double
    package let mcnemar: McNemarFigure
}

/// Two readers' agreement.
package struct AgreementFigure: Sendable, Encodable {
    package let first, second, condition: String
    package let cohort: Cohort
    package let unit: EvaluationUnit
    package let count: Int
    package let kappa, standardError, standardErrorNull, lower, upper, z, p: Double
}

/// Puts readers beside each other and beside the networks.
struct ReaderAnalysis {
    let material: EvaluationMaterial
    let settings: EvaluationSettings

    /// One who calls cases: places in the unit table, calls, and a network's probabilities.
    private struct Voice {
        let name: String
        let reading: Reading?
        let places: [Int]
        let calls: [Bool]
        let scores: [Double]
    }

    private var readings: [Reading] {
        material.readings.filter { settings.readers.isEmpty || settings.readers.contains($0.reader) }
    }

    /// Readers are looked at by the unit that they read.
    private var unit: EvaluationUnit { EvaluationUnit.all(of: material.task)[0] }

    func figures() throws(StatisticsError) -> (
        rows: [ReaderFigure], comparisons: [ReaderComparisonFigure], agreement: [AgreementFigure], omitted: [String]
    ) {
        guard !readings.isEmpty else { return ([], [], [], []) }
        var rows: [ReaderFigure] = []
        var comparisons: [ReaderComparisonFigure] = []
        var agreement: [AgreementFigure] = []
        var omitted: [String] = []
        for cohort in settings.cohorts {
            for role in material.task.roles {
                let table = UnitTable(material.cases, cohort: cohort, role: role, unit: unit)
                let voices = try voices(table, cohort)
                guard voices.contains(where: { $0.reading != nil }) else { continue }
                for voice in voices { rows.append(try row(voice, table, cohort)) }
                for (index, first) in voices.enumerated() {
                    for second in voices.dropFirst(index + 1) {
                        guard Self.areCompared(first.reading, second.reading) else { continue }
                        if let figure = try compare(first, second, table, cohort) { comparisons.append(figure) }
                    }
                }
            }
            let found = agreements(cohort)
            agreement += found.figures
            omitted += found.omitted
        }
        return (rows, comparisons, agreement, omitted)
    }

    /// As the paper compares: the network with each reading, two readers who read alike, and a reader with himself.
    private static func areCompared(_ first: Reading?, _ second: Reading?) -> Bool {
        guard let first, let second else { return first != nil || second != nil }
        return first.reader == second.reader || first.condition == second.condition
    }

    private func voices(_ table: UnitTable, _ cohort: Cohort) throws(StatisticsError) -> [Voice] {
        var voices: [Voice] = readings.compactMap { reading in
            let (places, calls) = table.calls(reading)
            guard !places.isEmpty else { return nil }
            return Voice(
                name: reading.name, reading: reading, places: places, calls: calls, scores: calls.map { $0 ? 1 : 0 })
        }
        for system in material.systems where system.role == table.role {
            guard let scores = table.scores(system) else { continue }
            let cut = try TaskAnalysis(material: material, settings: settings).cut(system, cohort: cohort)
            voices.append(
                Voice(
                    name: system.system, reading: nil, places: Array(scores.indices),
                    calls: scores.map { $0 >= cut.threshold.value }, scores: scores))
        }
        return voices
    }

    private func row(_ voice: Voice, _ table: UnitTable, _ cohort: Cohort) throws(StatisticsError) -> ReaderFigure {
        let truth = voice.places.map { table.rows[$0].label }
        let cases = try LabeledScores(labels: truth, scores: voice.scores)
        let patients = voice.places.map { table.rows[$0].patient }
        let bootstrap = ResampledFigure.of(settings) { () throws(StatisticsError) in
            try PatientBootstrap(
                cases, patients: patients, resamples: settings.resamples, seed: settings.seed, level: settings.level)
        }
        var area: AUCEstimate?
        var reason: String?
        do throws(StatisticsError) {
            area = try DeLong.area(under: cases, level: settings.level)
        } catch {
            reason = error.description
        }
        return ReaderFigure(
            reader: voice.reading?.reader ?? voice.name, condition: voice.reading?.condition ?? "",
            isNetwork: voice.reading == nil, task: table.role, cohort: cohort, unit: unit, count: truth.count,
            counts: CountsFigure(ConfusionCounts(truth: truth, calls: voice.calls), level: settings.level),
            auc: area.map { AreaFigure($0, bootstrap: bootstrap) }, notComputed: reason)
    }

    private func compare(
        _ first: Voice, _ second: Voice, _ table: UnitTable, _ cohort: Cohort
    ) throws(StatisticsError) -> ReaderComparisonFigure? {
        let places = Set(first.places).intersection(second.places).sorted()
        let truth = places.map { table.rows[$0].label }
        guard truth.contains(true), truth.contains(false) else { return nil }
        func values<Value>(_ voice: Voice, _ list: [Value]) -> [Value] {
            let index = Dictionary(uniqueKeysWithValues: zip(voice.places, voice.places.indices))
            return places.compactMap { place in index[place].map { list[$0] } }
        }
        let found = try DeLong.compare(
            paired: try LabeledScores(labels: truth, scores: values(first, first.scores)),
            try LabeledScores(labels: truth, scores: values(second, second.scores)), level: settings.level)
        return ReaderComparisonFigure(
            first: first.name, second: second.name, task: table.role, cohort: cohort, unit: unit,
            count: places.count, difference: found.difference, lower: found.lower, upper: found.upper, z: found.z,
            p: found.p,
            mcnemar: McNemarFigure(
                McNemarTest(
                    truth: truth, first: values(first, first.calls), second: values(second, second.calls))))
    }

    /// Kappa of each two readers who read alike, over all that was called: of origins, with four categories.
    private func agreements(_ cohort: Cohort) -> (figures: [AgreementFigure], omitted: [String]) {
        var figures: [AgreementFigure] = []
        var omitted: [String] = []
        let ids = material.cases.filter { $0.cohort == cohort }.map(\.id)
        let categories = Outcome.all(of: material.task).map { $0.rawValue.lowercased() }
        for (index, first) in readings.enumerated() {
            for second in readings.dropFirst(index + 1)
            where second.condition == first.condition && second.reader != first.reader {
                let both = ids.filter { first.calls[$0] != nil && second.calls[$0] != nil }
                let (one, other) = (both.compactMap { first.calls[$0] }, both.compactMap { second.calls[$0] })
                let kappa: CohenKappa
                do throws(StatisticsError) {
                    kappa = try CohenKappa(one, other, categories: categories, level: settings.level)
                } catch {
                    omitted.append(
                        "Kappa of \(first.name) and \(second.name), \(cohort.rawValue): \(error.description)")
                    continue
                }
                figures.append(
                    AgreementFigure(
                        first: first.reader, second: second.reader, condition: first.condition, cohort: cohort,
                        unit: unit, count: both.count, kappa: kappa.value, standardError: kappa.standardError,
                        standardErrorNull: kappa.standardErrorNull, lower: kappa.lower, upper: kappa.upper,
                        z: kappa.z, p: kappa.p))
            }
        }
        return (figures, omitted)
    }
}

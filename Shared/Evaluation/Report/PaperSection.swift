import Contracts
import Datasets

/// Our figures in the papers' layout, beside what they report.
struct PaperSection {
    let evaluation: Evaluation

    var content: String {
        switch evaluation.task {
        case .brainMetastasis: origins
        case .lymphNode: nodes
        }
    }

    private static let caution =
        "Other patients, other scanners, other cohorts: rows of the paper are here for the layout, not as a contest."

    // MARK: Jiao et al. 2023

    private var origins: String {
        let figures = evaluation.figures.filter { $0.unit == .lesion }
        guard !figures.isEmpty else { return "" }
        var systems: [String] = []
        for figure in figures where !systems.contains(figure.system) { systems.append(figure.system) }
        let roles: [ClassifierRole] = [.lungVersusNonLung, .sclcVersusNSCLC, .bcVersusGIC]
        let cohorts = Cohort.allCases.filter { cohort in figures.contains { $0.cohort == cohort } }
        let head =
            ["System", "Input"]
            + roles.flatMap { role in
                cohorts.map { "\(ReportWords.question(role))<small>\(ReportWords.cohort($0).lowercased())</small>" }
            }
        var rows = systems.map { system in
            [Markup.escaped(system), input(system)]
                + roles.flatMap { role in
                    cohorts.map { cohort in
                        figures.first { $0.system == system && $0.task == role && $0.cohort == cohort }
                            .map { ReportWords.area($0.auc) } ?? "–"
                    }
                }
        }
        for reader in Set(evaluation.readers.filter { !$0.isNetwork }.map(\.name)).sorted() {
            rows.append(
                [Markup.escaped(reader), "visual"]
                    + roles.flatMap { role in
                        cohorts.map { cohort in
                            evaluation.readers.first {
                                $0.name == reader && $0.task == role && $0.cohort == cohort
                            }?.auc.map(ReportWords.area) ?? "–"
                        }
                    })
        }
        return "<p>\(Self.caution)</p>"
            + Markup.table(caption: "AUC of each question, with DeLong’s intervals.", head: head, rows: rows, texts: 2)
            + Markup.table(
                caption: "What the paper’s abstract reports (3D ResNet18 with Grad-CAM and AIC).",
                head: ["Jiao et al. 2023", "Testing, n = 122", "Independent, n = 42"],
                rows: [
                    [
                        "Best single sequence (lung: T1, SCLC: DWI, BC: T1CE), range of AUC", "0.675–0.876",
                        "0.684–0.800",
                    ],
                    ["BC or GIC with T1CE+T2+DWI, AUC", "0.788", "0.848"],
                ])
    }

    private func input(_ system: String) -> String {
        let inputs = evaluation.models.filter { $0.system == system }.compactMap { $0.model?.input }
        var distinct: [String] = []
        for input in inputs where !distinct.contains(input) { distinct.append(input) }
        return distinct.isEmpty ? "–" : Markup.escaped(distinct.joined(separator: ", "))
    }

    // MARK: Li et al. 2021

    /// PPV, NPV, sensitivity, specificity, AUC, accuracy of Table 2.
    private static let reported: [(name: String, figures: [String])] = [
        ("R2 without SA", ["64.7", "61.6", "54.7", "70.9", "0.626", "62.7"]),
        ("R2 with SA", ["62.7", "66.1", "68.2", "60.4", "0.643", "64.3"]),
        ("R3 without SA", ["65.5", "68.5", "69.8", "64.1", "0.671", "67.1"]),
        ("R3 with SA", ["64.6", "69.4", "72.3", "61.3", "0.670", "66.9"]),
        ("Inception-v3, three layers frozen", ["95.2", "95.3", "95.3", "95.2", "0.994", "95.7"]),
    ]

    private var nodes: String {
        let cohorts = Cohort.allCases.filter { cohort in
            evaluation.figures.contains { $0.cohort == cohort } || evaluation.readers.contains { $0.cohort == cohort }
        }
        var rows: [[String]] = []
        for cohort in cohorts {
            for reader in evaluation.readers where !reader.isNetwork && reader.cohort == cohort {
                rows.append(row(reader.name, cohort, reader.counts, reader.counts.area))
            }
            for figure in evaluation.figures where figure.cohort == cohort && figure.unit == .image {
                rows.append(row(figure.system, cohort, figure.atCut, figure.auc.value))
            }
        }
        guard !rows.isEmpty else { return "" }
        let head = ["", "PPV, %", "NPV, %", "Sensitivity, %", "Specificity, %", "AUC", "Accuracy, %"]
        return "<p>\(Self.caution)</p>"
            + Markup.table(caption: "Ours, in the layout of the paper’s Table 2.", head: head, rows: rows)
            + Markup.table(
                caption: "As reported by Li et al. 2021 (SA: short axis).", head: head,
                rows: Self.reported.map { [$0.name] + $0.figures })
            + "<p class=\"small\">The paper’s accuracy of 95.7 % cannot be had together with its sensitivity of 95.3 % "
            + "and specificity of 95.2 %: it would lie between the two.</p>"
    }

    private func row(_ name: String, _ cohort: Cohort, _ counts: CountsFigure, _ area: Double?) -> [String] {
        let shares = [counts.ppv, counts.npv, counts.sensitivity, counts.specificity].map { share in
            share.map { Digits.percent($0.value) } ?? "–"
        }
        return ["\(Markup.escaped(name))<small>\(ReportWords.cohort(cohort).lowercased())</small>"] + shares
            + [area.map(Digits.area) ?? "–", counts.accuracy.map { Digits.percent($0.value) } ?? "–"]
    }
}

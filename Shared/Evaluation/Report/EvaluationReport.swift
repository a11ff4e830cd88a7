internal import Contracts

/// The evaluation as one page that needs nothing else: no scripts, no network, pictures inside.
package struct EvaluationReport: Sendable {
    package let evaluation: Evaluation
    package let histories: [TrainingHistory]
    package let pictures: [CasePicture]
    /// The day, as it is printed; nil for none.
    package let date: String?

    package init(
        _ evaluation: Evaluation, histories: [TrainingHistory] = [], pictures: [CasePicture] = [], date: String? = nil
    ) {
        self.evaluation = evaluation
        self.histories = histories
        self.pictures = pictures
        self.date = date
    }

    /// One part of the page; without content it is left out.
    struct Section {
        let id: String
        let title: String
        let content: String
    }

    /// The page.
    ///
    /// - Returns: HTML that is well-formed XML.
    package func html() -> String {
        let sections = sections.filter { !$0.content.isEmpty }
        let links = sections.map { Markup.element("a", [("href", "#\($0.id)")], Markup.escaped($0.title)) }
        let body = sections.map { section in
            "<section><h2 id=\"\(section.id)\">\(Markup.escaped(section.title))</h2>\n\(section.content)</section>\n"
        }
        let title = Markup.escaped(evaluation.title)
        return """
            <!DOCTYPE html>
            <html xmlns="http://www.w3.org/1999/xhtml" lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <title>\(title)</title>
            <style>
            \(Stylesheet.text)
            </style>
            </head>
            <body>
            <main>
            <header>
            <h1>\(title)</h1>
            <p class="lead">\(lead)</p>
            <p class="notice" role="note">\(Markup.escaped(evaluation.disclaimer))</p>
            \(SummarySection(evaluation: evaluation).content)</header>
            <nav aria-label="Contents">\(links.joined(separator: " "))</nav>
            \(body.joined())<footer><p>\(Markup.escaped(evaluation.disclaimer)) Made by <code>oncorelay evaluate</code>\(
                date.map { " on \(Markup.escaped($0))" } ?? "").</p></footer>
            </main>
            </body>
            </html>

            """
    }

    private var lead: String {
        let method =
            evaluation.task == .brainMetastasis
            ? "After Jiao et al., J Magn Reson Imaging 2023;58:1624"
            : "After Li et al., Quant Imaging Med Surg 2021;11:2477"
        let cases = evaluation.cohorts.reduce(0) { $0 + $1.cases }
        let systems = Set(evaluation.models.map(\.system)).count
        return "\(method). \(cases) \(ReportWords.cases(evaluation.task).lowercased()), "
            + "\(systems) \(systems == 1 ? "system" : "systems")\(date.map { ", \(Markup.escaped($0))" } ?? "")."
    }

    private var sections: [Section] {
        let tasks = evaluation.task.roles.map { role in
            Section(
                id: role.rawValue, title: ReportWords.question(role),
                content: TaskSection(evaluation: evaluation, role: role).content)
        }
        return [
            Section(id: "cohorts", title: "Cohorts", content: CohortSection(evaluation: evaluation).content)
        ] + tasks + [
            Section(id: "origins", title: "Four origins", content: HierarchySection(evaluation: evaluation).content),
            Section(id: "readers", title: "Readers", content: ReaderSection(evaluation: evaluation).content),
            Section(id: "paper", title: "Beside the paper", content: PaperSection(evaluation: evaluation).content),
            Section(
                id: "comparisons", title: "Comparisons", content: ComparisonSection(evaluation: evaluation).content),
            Section(id: "training", title: "Training", content: TrainingSection(histories: histories).content),
            Section(
                id: "heat-maps", title: "Heat maps",
                content: HeatMapSection(evaluation: evaluation, pictures: pictures).content),
            Section(id: "methods", title: "Methods", content: MethodSection(evaluation: evaluation).content),
        ]
    }
}

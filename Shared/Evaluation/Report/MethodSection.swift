import Contracts
import Datasets

/// How the figures were made, and from which networks.
struct MethodSection {
    let evaluation: Evaluation

    var content: String {
        let percent = Digits.fixed(evaluation.level * 100, 0)
        let patient =
            evaluation.task == .brainMetastasis
            ? "A patient’s probability is the mean over the lesions."
            : "A node’s probability is the mean over its pictures, a patient’s the highest of the nodes’."
        let items = [
            "AUC is P(s⁺ &gt; s⁻) + ½ P(s⁺ = s⁻); its variance, interval and tests are DeLong’s (fast form of Sun and Xu). "
                + "Intervals are at \(percent) %.",
            "Cases of one patient are not independent: the interval “by patients” is from \(evaluation.resamples) "
                + "resamples of patients with replacement, seed \(evaluation.seed), percentiles.",
            "Shares have Wilson’s intervals here; evaluation.json has Clopper and Pearson’s, too. A score at or above the "
                + "cut is positive.",
            "Calibration: ten bins of equal width; ECE is the mean distance of probability and observed share, by counts. "
                + "Decision curves show the net benefit TP/n − FP/n · t/(1 − t).",
            patient,
        ]
        var text = "<ul>" + items.map { "<li>\($0)</li>" }.joined() + "</ul>\n"
        let models = evaluation.models.filter { $0.model != nil }
        if !models.isEmpty {
            text += Markup.table(
                head: ["System", "Question", "Model", "Network", "Input", "Parameters", "SHA-256 of the weights"],
                rows: models.compactMap { entry in
                    guard let model = entry.model else { return nil }
                    return [
                        Markup.escaped(entry.system), ReportWords.question(entry.task),
                        Markup.escaped("\(model.name) \(model.version)"), Markup.escaped(model.architecture),
                        Markup.escaped(model.input), "\(model.parameters)",
                        "<code>\(Markup.escaped(String(model.weightsSHA256.prefix(16))))…</code>",
                    ]
                }, texts: 5)
        }
        guard !evaluation.notComputed.isEmpty else { return text }
        let omissions = evaluation.notComputed.map { "<li>\(Markup.escaped($0))</li>" }
        return text + "<h3>Not computed</h3><ul>\(omissions.joined())</ul>\n"
    }
}

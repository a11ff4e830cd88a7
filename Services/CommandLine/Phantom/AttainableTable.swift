import Phantoms

/// The best AUC that a cohort allows, for a person: a row for each choice of sequences, a column for each question.
enum AttainableTable {
    static func lines(_ truth: CohortTruth, terminal: Terminal) -> [String] {
        var tasks: [String] = []
        var inputs: [[String]] = []
        for entry in truth.attainable {
            if !tasks.contains(entry.task) { tasks.append(entry.task) }
            if !inputs.contains(entry.sequences) { inputs.append(entry.sequences) }
        }
        var table = TextTable([.left("best possible AUC")] + tasks.map { .right($0) })
        for input in inputs {
            table.add(
                [input.joined(separator: "+")]
                    + tasks.map { task in
                        truth.attainable.first { $0.task == task && $0.sequences == input }
                            .map { NumberText.fixed($0.auc, 3) } ?? ""
                    })
        }
        return table.lines(width: terminal.width, style: terminal.style)
    }
}

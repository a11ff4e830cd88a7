/// Loss and area over epochs.
struct TrainingSection {
    let histories: [TrainingHistory]

    var content: String {
        guard !histories.isEmpty else { return "" }
        let plots = histories.flatMap { history in
            [
                history.losses.isEmpty ? "" : Plots.history(history.losses, y: "Loss", title: "\(history.name), loss"),
                history.areas.isEmpty ? "" : Plots.history(history.areas, y: "AUC", title: "\(history.name), AUC"),
            ]
        }
        return "<div class=\"plots\">\(plots.joined())</div>\n"
    }
}

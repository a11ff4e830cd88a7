import Contracts
import Datasets

/// Figures that were asked for and cannot be had, each with its reason: nothing is left out in silence.
enum Omissions {
    /// Intervals and areas without a value, in the order of the figures.
    static func of(
        _ figures: [TaskFigure], _ comparisons: [ComparisonFigure], _ hierarchies: [HierarchyFigure],
        _ readers: [ReaderFigure]
    ) -> [String] {
        var list: [String] = []
        func add(_ what: String, _ reason: String?) {
            if let reason { list.append("\(what): \(reason)") }
        }
        for figure in figures {
            let place =
                "\(figure.system), \(figure.task.rawValue), \(figure.cohort.rawValue), by \(figure.unit.rawValue)"
            add("Interval by patients of the AUC of \(place)", figure.auc.bootstrap?.reason)
            // The same patients, and so the same reason.
            if figure.auc.bootstrap?.reason == nil { add("Band of the ROC curve of \(place)", figure.bandNotComputed) }
        }
        for figure in comparisons {
            add(
                "Interval by patients of the difference of \(figure.first) and \(figure.second), "
                    + "\(figure.task.rawValue), \(figure.cohort.rawValue), by \(figure.unit.rawValue)",
                figure.bootstrap?.reason)
        }
        for figure in hierarchies {
            let place = "\(figure.system), \(figure.cohort.rawValue), by \(figure.unit.rawValue)"
            add("Interval by patients of the macro AUC of \(place)", figure.macroAUCBootstrap?.reason)
        }
        for figure in readers {
            let place = "\(figure.name), \(figure.task.rawValue), \(figure.cohort.rawValue)"
            add("AUC of \(place)", figure.notComputed)
        }
        return list
    }
}

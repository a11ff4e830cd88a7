import Contracts
import Datasets

/// Names of the field for the page.
enum ReportWords {
    static func question(_ role: ClassifierRole) -> String {
        switch role {
        case .lungVersusNonLung: "Lung or non-lung"
        case .sclcVersusNSCLC: "SCLC or NSCLC"
        case .bcVersusGIC: "BC or GIC"
        case .nodeStatus: "Metastatic or not"
        }
    }

    /// The classes 1 and 0.
    static func classes(_ role: ClassifierRole) -> (positive: String, negative: String) {
        switch role {
        case .lungVersusNonLung: ("lung", "non-lung")
        case .sclcVersusNSCLC: ("SCLC", "NSCLC")
        case .bcVersusGIC: ("BC", "GIC")
        case .nodeStatus: ("positive", "negative")
        }
    }

    static func leaf(_ label: String) -> String {
        ["sclc", "nsclc", "bc", "gic"].contains(label) ? label.uppercased() : label
    }

    static func cohort(_ cohort: Cohort) -> String {
        switch cohort {
        case .training: "Training"
        case .testing: "Testing"
        case .independent: "Independent"
        }
    }

    static func cases(_ task: ClinicalTask) -> String { task == .brainMetastasis ? "Lesions" : "Images" }

    static func correction(_ correction: EvaluationSettings.Correction) -> String {
        switch correction {
        case .none: "not adjusted"
        case .bonferroni: "adjusted by Bonferroni"
        case .holm: "adjusted by Holm"
        case .benjaminiHochberg: "adjusted by Benjamini and Hochberg"
        }
    }

    /// An area and its interval, beneath it.
    static func area(_ area: AreaFigure) -> String {
        "\(Digits.area(area.value))<small>\(Digits.fixed(area.lower, 3))–\(Digits.fixed(area.upper, 3))</small>"
    }

    /// An interval from resampled patients, or that there is none; why is told among the methods.
    static func resampled(_ figure: ResampledFigure?) -> String {
        guard let figure else { return "–" }
        return figure.interval.map { Digits.range($0) } ?? "<small>not computed</small>"
    }

    /// A share in percent and Wilson's interval, beneath it.
    static func share(_ share: ShareFigure?) -> String {
        guard let share else { return "–" }
        return "\(Digits.percent(share.value))<small>\(Digits.range(share.wilson, 1, scale: 100))</small>"
    }

    static func mean(_ figure: MeanFigure?, digits: Int = 1) -> String {
        guard let figure else { return "–" }
        return "\(Digits.fixed(figure.mean, digits))\u{A0}±\u{A0}\(Digits.fixed(figure.standardDeviation, digits))"
            + "<small>\(Digits.fixed(figure.minimum, digits))–\(Digits.fixed(figure.maximum, digits))</small>"
    }
}

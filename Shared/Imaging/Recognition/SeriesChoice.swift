import Contracts

/// Picks one of several series: by its UID, else by what it is.
struct SeriesChoice {
    private let wanted: DICOMReader.Choice

    init(_ wanted: DICOMReader.Choice) { self.wanted = wanted }

    /// - Throws: `series-missing` where none has the UID or is the sequence, `series-ambiguous` where several are; the
    ///   message lists them by UID, kind and count, without the scanner's text.
    func pick(among series: [DICOMSeries], subject: String) throws(ImagingError) -> DICOMSeries {
        if let uid = wanted.seriesInstanceUID {
            guard let found = series.first(where: { $0.uid == uid }) else {
                throw ImagingError(
                    .seriesMissing, subject: subject,
                    "expected the series with the given seriesInstanceUID, found \(series.count) others: "
                        + Self.list(series))
            }
            return found
        }
        if series.count == 1 { return series[0] }
        guard let sequence = wanted.sequence else {
            throw ambiguous(series, "expected one series, found \(series.count)", subject)
        }
        let recognized = series.map { ($0, SeriesRecognition.recognize($0.attributes)) }
        let fitting = recognized.filter { $0.1.sequence == sequence }
        guard !fitting.isEmpty else {
            throw ImagingError(
                .seriesMissing, subject: subject,
                "expected a \(sequence.rawValue) series, none of the \(series.count) in the folder is recognized as "
                    + "one; give its seriesInstanceUID: \(Self.list(series))")
        }
        if fitting.count == 1 { return fitting[0].0 }
        if sequence == .dwi, let trace = Self.trace(among: fitting) { return trace }
        throw ambiguous(
            fitting.map(\.0), "expected one \(sequence.rawValue) series, found \(fitting.count)", subject)
    }

    /// Trace before single directions, then the highest b-value.
    private static func trace(among series: [(DICOMSeries, RecognizedSeries)]) -> DICOMSeries? {
        let traces = series.filter { entry in
            entry.0.attributes.imageType.contains { $0.uppercased().hasPrefix("TRACE") }
        }
        let candidates = traces.isEmpty ? series : traces
        let highest = candidates.compactMap(\.1.bValue).max()
        let best = candidates.filter { $0.1.bValue == highest }
        return best.count == 1 ? best[0].0 : nil
    }

    private func ambiguous(_ series: [DICOMSeries], _ what: String, _ subject: String) -> ImagingError {
        ImagingError(
            .seriesAmbiguous, subject: subject, "\(what); give the seriesInstanceUID of one: \(Self.list(series))")
    }

    private static func list(_ series: [DICOMSeries]) -> String {
        let shown = series.prefix(12).map { one in
            let recognized = SeriesRecognition.recognize(one.attributes)
            let kind = recognized.sequence?.rawValue ?? recognized.other ?? "unrecognized"
            return "\(one.uid.isEmpty ? "(no UID)" : one.uid) (\(kind), \(one.images.count) images)"
        }
        return shown.joined(separator: ", ") + (series.count > 12 ? ", …" : "")
    }
}

/// What tells a person which series is which and names nobody: numbers and codes of the acquisition. The scanner's free
/// text is not among them, because people write names into it.
package struct SeriesFacts: Sendable, Equatable {
    /// Of this list only: what a file has in place of a code is text of somebody's.
    package var modality: String?
    /// As most of the patient lies: axial, sagittal or coronal.
    package var plane: String?
    /// Columns and rows of an image.
    package var matrix: [Int]?
    /// Places at which images lie.
    package var sliceCount: Int?
    /// Images at each place.
    package var volumeCount: Int?
    /// Pictures of which each holds the slices of one volume, side by side; nil where there are none.
    package var mosaicCount: Int?
    /// mm between columns, rows and slices; two numbers where the third is not known.
    package var spacing: [Double] = []
    /// ms.
    package var repetitionTime: Double?
    /// ms.
    package var echoTime: Double?
    /// ms.
    package var inversionTime: Double?
    /// s/mm².
    package var bValues: [Double] = []

    private static let modalities: Set<String> = [
        "MR", "CT", "PT", "NM", "US", "CR", "DX", "MG", "XA", "RF", "OT", "SC", "SEG", "RTSTRUCT", "RTDOSE",
    ]

    /// - Parameter attributes: what the scanner wrote.
    init(_ attributes: SeriesAttributes) {
        modality = attributes.modality.flatMap { Self.modalities.contains($0) ? $0 : nil }
        repetitionTime = Self.positive(attributes.repetitionTime)
        echoTime = Self.positive(attributes.echoTime)
        inversionTime = Self.positive(attributes.inversionTime)
        bValues = attributes.bValues
    }

    /// Scanners write 0 where a time has no meaning.
    private static func positive(_ time: Double?) -> Double? { time.flatMap { $0 > 0 && $0 < 1e6 ? $0 : nil } }

    /// In one line; empty where nothing is known.
    package var text: String {
        var parts = [modality, plane].compactMap(\.self)
        let slices = [
            mosaicCount.map { $0 == 1 ? "1 mosaic" : "\($0) mosaics" },
            volumeCount.flatMap { $0 > 1 ? "\($0) ×" : nil }, sliceCount.map { $0 == 1 ? "1 slice" : "\($0) slices" },
            matrix.map { "of " + $0.map(String.init).joined(separator: "×") },
        ].compactMap(\.self)
        if !slices.isEmpty { parts.append(slices.joined(separator: " ")) }
        if !spacing.isEmpty { parts.append(spacing.map(Self.text).joined(separator: "×") + " mm") }
        for (name, time) in [("TR", repetitionTime), ("TE", echoTime), ("TI", inversionTime)] {
            if let time { parts.append("\(name) \(Self.text(time)) ms") }
        }
        if !bValues.isEmpty {
            let shown = bValues.prefix(6).map(Self.text).joined(separator: ", ") + (bValues.count > 6 ? ", …" : "")
            parts.append("b \(shown) s/mm²")
        }
        return parts.joined(separator: ", ")
    }

    /// Two decimals at most.
    private static func text(_ value: Double) -> String {
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() && abs(rounded) < 1e9 ? "\(Int(rounded))" : "\(rounded)"
    }
}

extension SeriesFacts {
    /// - Parameter series: of a folder; its headers are known already.
    init(_ series: DICOMSeries) {
        self.init(series.attributes)
        guard let first = series.images.first?.header else { return }
        matrix = [first.columns, first.rows]
        let planes = series.images.flatMap(\.header.frames)
        guard !first.isMosaic, let plane = planes.first else {
            let count = series.images.reduce(0) { $0 + $1.header.frameCount }
            if first.isMosaic { mosaicCount = count } else { sliceCount = count }
            return
        }
        let normal = plane.normal
        self.plane = Self.plane(across: normal)
        let places = planes.map { $0.origin.dot(normal) }.sorted()
        // As for a stack, what lies closer than 1 µm lies at one place.
        let distances = zip(places.dropFirst(), places).map { $0 - $1 }.filter { $0 >= 1e-3 }.sorted()
        sliceCount = distances.count + 1
        volumeCount = planes.count / (distances.count + 1)
        spacing = [plane.columnStep.length, plane.rowStep.length]
        if let distance = distances.isEmpty ? first.spacingBetweenSlices : distances[distances.count / 2] {
            spacing.append(distance)
        }
    }

    private static func plane(across normal: Point) -> String {
        let parts = [abs(normal.x), abs(normal.y), abs(normal.z)]
        return ["sagittal", "coronal", "axial"][parts.firstIndex(of: parts.max() ?? 0) ?? 2]
    }
}

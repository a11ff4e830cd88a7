/// What scanners write about a series, as far as it tells its sequence; from a DICOM header or a BIDS sidecar.
///
/// These texts are read and never passed on: people write names into descriptions.
package struct SeriesAttributes: Sendable, Equatable {
    package var modality: String?
    package var manufacturer: String?
    package var seriesDescription: String?
    package var protocolName: String?
    /// (0018,0024), (0018,9005) or a vendor's own, for example `*tfl3d1`, `epi2`.
    package var sequenceName: String?
    /// SE, IR, GR, EP, RM.
    package var scanningSequence: [String] = []
    package var sequenceVariant: [String] = []
    package var scanOptions: [String] = []
    package var imageType: [String] = []
    /// 2D or 3D.
    package var acquisitionType: String?
    package var contrastAgent: String?
    /// ms.
    package var echoTime: Double?
    /// ms.
    package var repetitionTime: Double?
    /// ms.
    package var inversionTime: Double?
    /// Degrees.
    package var flipAngle: Double?
    package var echoTrainLength: Double?
    /// s/mm², distinct and ascending.
    package var bValues: [Double] = []

    package init() {}
}

extension SeriesAttributes {
    /// - Parameter elements: of one file of the series.
    init(_ elements: DICOMElements) {
        self.init()
        modality = elements.text(.modality)
        manufacturer = elements.text(.manufacturer)
        seriesDescription = elements.text(.seriesDescription)
        protocolName = elements.text(.protocolName)
        sequenceName =
            elements.text(.sequenceName) ?? elements.text(.pulseSequenceName)
            ?? elements.text(.generalElectricSequenceName)
        scanningSequence = elements.texts(.scanningSequence)
        sequenceVariant = elements.texts(.sequenceVariant)
        scanOptions = elements.texts(.scanOptions)
        imageType = elements.texts(.imageType)
        acquisitionType = elements.text(.acquisitionType)
        contrastAgent = elements.text(.contrastBolusAgent)
        echoTime = elements.number(.echoTime) ?? elements.number(.effectiveEchoTime)
        repetitionTime = elements.number(.repetitionTime)
        inversionTime = elements.number(.inversionTime)
        flipAngle = elements.number(.flipAngle)
        echoTrainLength = elements.number(.echoTrainLength)
        bValues = Self.bValues(elements)
    }

    /// The standard attribute, else the vendors': Siemens, Philips, GE (where the first of four numbers is the b-value,
    /// with a billion added by some versions).
    private static func bValues(_ elements: DICOMElements) -> [Double] {
        for tag in [DICOMTag.diffusionBValue, .siemensBValue, .philipsBValue, .generalElectricBValue] {
            let numbers = (elements.values[tag] ?? []).compactMap(DICOMElements.number)
                .map { $0 >= 1e9 ? $0 - 1e9 : $0 }
                .filter { (0...20_000).contains($0) }
            if !numbers.isEmpty { return Set(numbers).sorted() }
        }
        return []
    }
}

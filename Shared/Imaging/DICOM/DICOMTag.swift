/// Group and element of a DICOM attribute (PS3.6).
struct DICOMTag: Hashable, Sendable {
    let number: UInt32

    init(_ group: UInt16, _ element: UInt16) { number = UInt32(group) << 16 | UInt32(element) }

    var group: UInt16 { UInt16(truncatingIfNeeded: number >> 16) }
    var element: UInt16 { UInt16(truncatingIfNeeded: number) }

    static let transferSyntaxUID = DICOMTag(0x0002, 0x0010)
    static let imageType = DICOMTag(0x0008, 0x0008)
    static let sopClassUID = DICOMTag(0x0008, 0x0016)
    static let sopInstanceUID = DICOMTag(0x0008, 0x0018)
    static let modality = DICOMTag(0x0008, 0x0060)
    static let manufacturer = DICOMTag(0x0008, 0x0070)
    static let seriesDescription = DICOMTag(0x0008, 0x103E)
    static let contrastBolusAgent = DICOMTag(0x0018, 0x0010)
    static let bodyPartExamined = DICOMTag(0x0018, 0x0015)
    static let scanningSequence = DICOMTag(0x0018, 0x0020)
    static let sequenceVariant = DICOMTag(0x0018, 0x0021)
    static let scanOptions = DICOMTag(0x0018, 0x0022)
    static let acquisitionType = DICOMTag(0x0018, 0x0023)
    static let sequenceName = DICOMTag(0x0018, 0x0024)
    static let sliceThickness = DICOMTag(0x0018, 0x0050)
    static let repetitionTime = DICOMTag(0x0018, 0x0080)
    static let echoTime = DICOMTag(0x0018, 0x0081)
    static let inversionTime = DICOMTag(0x0018, 0x0082)
    static let spacingBetweenSlices = DICOMTag(0x0018, 0x0088)
    static let echoTrainLength = DICOMTag(0x0018, 0x0091)
    static let protocolName = DICOMTag(0x0018, 0x1030)
    static let flipAngle = DICOMTag(0x0018, 0x1314)
    static let pulseSequenceName = DICOMTag(0x0018, 0x9005)
    static let diffusionBValue = DICOMTag(0x0018, 0x9087)
    static let effectiveEchoTime = DICOMTag(0x0018, 0x9082)
    static let philipsBValue = DICOMTag(0x2001, 0x1003)
    static let siemensBValue = DICOMTag(0x0019, 0x100C)
    static let generalElectricBValue = DICOMTag(0x0043, 0x1039)
    static let generalElectricSequenceName = DICOMTag(0x0019, 0x109C)
    static let studyInstanceUID = DICOMTag(0x0020, 0x000D)
    static let seriesInstanceUID = DICOMTag(0x0020, 0x000E)
    static let seriesNumber = DICOMTag(0x0020, 0x0011)
    static let instanceNumber = DICOMTag(0x0020, 0x0013)
    static let imagePosition = DICOMTag(0x0020, 0x0032)
    static let imageOrientation = DICOMTag(0x0020, 0x0037)
    static let imagesInAcquisition = DICOMTag(0x0020, 0x1002)
    static let samplesPerPixel = DICOMTag(0x0028, 0x0002)
    static let numberOfFrames = DICOMTag(0x0028, 0x0008)
    static let rows = DICOMTag(0x0028, 0x0010)
    static let columns = DICOMTag(0x0028, 0x0011)
    static let pixelSpacing = DICOMTag(0x0028, 0x0030)
    static let sharedFunctionalGroups = DICOMTag(0x5200, 0x9229)
    static let perFrameFunctionalGroups = DICOMTag(0x5200, 0x9230)
    static let floatPixelData = DICOMTag(0x7FE0, 0x0008)
    static let doublePixelData = DICOMTag(0x7FE0, 0x0009)
    static let pixelData = DICOMTag(0x7FE0, 0x0010)
    static let item = DICOMTag(0xFFFE, 0xE000)
    static let itemEnd = DICOMTag(0xFFFE, 0xE00D)
    static let sequenceEnd = DICOMTag(0xFFFE, 0xE0DD)

    /// What is kept of a header. Everything else, names and dates among it, is passed over without being read.
    static let kept: Set<DICOMTag> = [
        transferSyntaxUID, imageType, sopClassUID, sopInstanceUID, modality, manufacturer, seriesDescription,
        contrastBolusAgent, bodyPartExamined, scanningSequence, sequenceVariant, scanOptions, acquisitionType,
        sequenceName, sliceThickness, repetitionTime, echoTime, inversionTime, spacingBetweenSlices, echoTrainLength,
        protocolName, flipAngle, pulseSequenceName, diffusionBValue, effectiveEchoTime, philipsBValue, siemensBValue,
        generalElectricBValue, generalElectricSequenceName, studyInstanceUID, seriesInstanceUID, seriesNumber,
        instanceNumber, imagePosition, imageOrientation, imagesInAcquisition, samplesPerPixel, numberOfFrames, rows,
        columns, pixelSpacing,
    ]
}

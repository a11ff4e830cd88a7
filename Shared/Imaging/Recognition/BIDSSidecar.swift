import Contracts

/// The fields of a BIDS sidecar (the .json that dcm2niix lays beside a NIfTI file) that tell a sequence. Times in
/// seconds there, in ms here. Fields of an unexpected type are passed over, like all others.
struct BIDSSidecar: Decodable {
    let attributes: SeriesAttributes

    private static let byteLimit = 1 << 20

    private enum Key: String, CodingKey {
        case modality = "Modality"
        case manufacturer = "Manufacturer"
        case seriesDescription = "SeriesDescription"
        case protocolName = "ProtocolName"
        case sequenceName = "SequenceName"
        case pulseSequenceName = "PulseSequenceName"
        case pulseSequenceType = "PulseSequenceType"
        case pulseSequenceDetails = "PulseSequenceDetails"
        case scanningSequence = "ScanningSequence"
        case sequenceVariant = "SequenceVariant"
        case scanOptions = "ScanOptions"
        case imageType = "ImageType"
        case acquisitionType = "MRAcquisitionType"
        case contrastAgent = "ContrastBolusAgent"
        case contrastIngredient = "ContrastBolusIngredient"
        case echoTime = "EchoTime"
        case repetitionTime = "RepetitionTime"
        case inversionTime = "InversionTime"
        case flipAngle = "FlipAngle"
        case echoTrainLength = "EchoTrainLength"
        case diffusionBValue = "DiffusionBValue"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        func text(_ keys: Key...) -> String? {
            keys.lazy.compactMap { try? fields.decodeIfPresent(String.self, forKey: $0) }.first { !$0.isEmpty }
        }
        func texts(_ key: Key) -> [String] {
            if let list = try? fields.decodeIfPresent([String].self, forKey: key) { return list }
            return text(key)?.split(separator: "\\").map(String.init) ?? []
        }
        func number(_ key: Key, _ scale: Double = 1) -> Double? {
            (try? fields.decodeIfPresent(Double.self, forKey: key)).flatMap { $0.isFinite ? $0 * scale : nil }
        }
        var attributes = SeriesAttributes()
        attributes.modality = text(.modality)
        attributes.manufacturer = text(.manufacturer)
        attributes.seriesDescription = text(.seriesDescription)
        attributes.protocolName = text(.protocolName)
        attributes.sequenceName = text(
            .sequenceName, .pulseSequenceName, .pulseSequenceType, .pulseSequenceDetails)
        attributes.scanningSequence = texts(.scanningSequence)
        attributes.sequenceVariant = texts(.sequenceVariant)
        attributes.scanOptions = texts(.scanOptions)
        attributes.imageType = texts(.imageType)
        attributes.acquisitionType = text(.acquisitionType)
        attributes.contrastAgent = text(.contrastAgent, .contrastIngredient)
        attributes.echoTime = number(.echoTime, 1000)
        attributes.repetitionTime = number(.repetitionTime, 1000)
        attributes.inversionTime = number(.inversionTime, 1000)
        attributes.flipAngle = number(.flipAngle)
        attributes.echoTrainLength = number(.echoTrainLength)
        if let b = number(.diffusionBValue) { attributes.bValues = [b] }
        self.attributes = attributes
    }

    /// Reads a sidecar's bytes.
    ///
    /// - Returns: nil where they are no JSON object.
    static func attributes(of bytes: [UInt8]) -> SeriesAttributes? {
        (try? EventCoding.decode(BIDSSidecar.self, from: bytes))?.attributes
    }

    /// - Returns: nil where the file is too large, cannot be read or is no JSON object.
    static func attributes(of file: LocatedFile) -> SeriesAttributes? {
        guard
            let contents = try? FileBytes(descriptor: file.descriptor, limit: byteLimit, subject: "sidecar")
        else { return nil }
        return attributes(of: Array(contents.bytes))
    }
}

extension SeriesAttributes {
    /// From a BIDS sidecar.
    init?(sidecar file: LocatedFile) {
        guard let attributes = BIDSSidecar.attributes(of: file) else { return nil }
        self = attributes
    }

    /// From the bytes of a BIDS sidecar.
    package init?(sidecar bytes: [UInt8]) {
        guard let attributes = BIDSSidecar.attributes(of: bytes) else { return nil }
        self = attributes
    }
}

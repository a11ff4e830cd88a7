/// The attributes of a series as the rules ask for them.
struct SeriesClues {
    private let words: Set<String>
    private let types: Set<String>
    private let scanning: Set<String>
    private let options: Set<String>
    private let attributes: SeriesAttributes
    /// In lower case.
    let sequenceName: String
    /// From the attributes, else from names such as `ep_b1000t` and `b1000`.
    let highestBValue: Double?

    init(_ attributes: SeriesAttributes) {
        self.attributes = attributes
        let names = [attributes.seriesDescription, attributes.protocolName].compactMap { $0?.lowercased() }
        words = Set(names.flatMap(Self.words))
        types = Set(attributes.imageType.map { $0.uppercased() })
        scanning = Set(attributes.scanningSequence.map { $0.uppercased() })
        options = Set((attributes.scanOptions + attributes.sequenceVariant).map { $0.uppercased() })
        let sequenceName = attributes.sequenceName?.lowercased() ?? ""
        self.sequenceName = sequenceName
        highestBValue =
            attributes.bValues.max()
            ?? (words.compactMap(Self.bValue) + Self.words(sequenceName).compactMap(Self.bValue)).max()
    }

    /// Letters and digits; `+c` is a word, too.
    private static func words(_ text: String) -> [String] {
        text.replacing("+c", with: " pluscontrast ").replacing("t2*", with: "t2star").replacing("t2_*", with: "t2star")
            .split { !($0.isLetter || $0.isNumber) }.map(String.init)
    }

    /// `b1000`, `b1000t`.
    private static func bValue(_ word: String) -> Double? {
        guard word.hasPrefix("b") else { return nil }
        let digits = word.dropFirst().prefix { $0.isASCII && $0.isNumber }
        guard (2...4).contains(digits.count), digits.count >= word.count - 2 else { return nil }
        return Double(digits)
    }

    func hasWord(_ candidates: String...) -> Bool { candidates.contains { words.contains($0) } }

    func hasWordBeginning(_ beginning: String) -> Bool { words.contains { $0.hasPrefix(beginning) } }

    func hasType(_ candidates: String...) -> Bool { candidates.contains { types.contains($0) } }

    /// A word such as `t1`, `t1w`, `et1w`, `axt1`, `t1tse`; not `t10` nor `part1`.
    func isWeighted(_ weighting: String) -> Bool {
        words.contains { word in
            let bare =
                ["3d", "2d", "ax", "sag", "cor", "tra", "e", "s"].first { word.hasPrefix($0 + weighting) }
                .map { String(word.dropFirst($0.count)) } ?? word
            guard bare.hasPrefix(weighting) else { return false }
            let next = bare.dropFirst(weighting.count).first
            return next.map { !$0.isNumber } ?? true
        }
    }

    func isScanning(_ sequence: String) -> Bool { scanning.contains(sequence) }

    func isWithin(_ value: Double?, _ range: ClosedRange<Double>) -> Bool { value.map(range.contains) ?? false }

    var echoTime: Double? { attributes.echoTime }
    var repetitionTime: Double? { attributes.repetitionTime }
    /// Scanners write 0 where nothing is inverted.
    var inversionTime: Double? { attributes.inversionTime.flatMap { $0 > 0 ? $0 : nil } }
    var is3D: Bool { attributes.acquisitionType?.uppercased() == "3D" }
    var isSpinEcho: Bool {
        isScanning("SE") || hasWord("tse", "fse", "se", "spc", "space", "cube", "vista", "haste")
            || sequenceName.contains("tse") || sequenceName.contains("spc") || sequenceName.contains("fse")
    }
    var isSpoiled: Bool { options.contains("SP") || options.contains("MP") || sequenceName.contains("spgr") }
    var isFat: Bool { hasWord("stir") }

    var isADC: Bool { hasType("ADC", "DIFFUSION_ADC") || hasWord("adc", "dadc", "eadc", "apparent") }
    var isTensorMap: Bool {
        hasType("FA", "TENSOR", "TENSOR_B0", "COLFA", "FRACTIONAL_ANISOTROPY")
            || hasWord("fa", "colfa", "tensor")
                && hasType("DERIVED")
    }
    var isDerivedDiffusion: Bool { isADC || isTensorMap }
    var isSusceptibility: Bool {
        hasWord("swi", "swan", "swip", "venbold", "t2star", "hemo", "pha", "mag") || hasWordBeginning("t2star")
            || hasType("SWI")
    }

    /// The scanner's record of a contrast medium.
    var hasContrastAgent: Bool {
        guard let agent = attributes.contrastAgent?.lowercased() else { return false }
        let negations = ["", "no", "none", "n", "0", "nein", "ohne", "without", "no contrast", "unknown", "na", "n/a"]
        return !negations.contains(agent.trimmed)
    }

    var saysContrast: Bool {
        !hasWord("pre", "ohne", "native", "nativ", "precontrast", "noncontrast", "senza", "without")
            && (hasWord(
                "post", "gd", "gad", "gado", "pluscontrast", "ce", "t1c", "t1ce", "contrast", "postcontrast", "km",
                "mdc", "dotarem", "gadovist", "postgd", "postgad", "enhanced", "t1gd", "cm"))
    }

    var deniesContrast: Bool {
        hasWord("pre", "ohne", "native", "nativ", "precontrast", "noncontrast", "senza", "without")
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

import Contracts

/// What a series may be.
enum SeriesKind: Hashable {
    case sequence(MRSequence)
    /// What no network wants, by its name.
    case other(String)
}

/// One thing that scanners write, what it speaks for, and how strongly.
///
/// Weights: 4 decides (the scanner's own type of image), 3 is a fact of the acquisition, 2 a word that a person wrote
/// or a range of times that overlaps with others, 1 a hint.
struct RecognitionRule: Sendable {
    /// As it stands among the evidence: words of ours, without the scanner's text.
    let name: String
    let kind: SeriesKind
    let weight: Int
    let holds: @Sendable (SeriesClues) -> Bool

    init(_ name: String, _ kind: SeriesKind, _ weight: Int, _ holds: @escaping @Sendable (SeriesClues) -> Bool) {
        self.name = name
        self.kind = kind
        self.weight = weight
        self.holds = holds
    }
}

extension SeriesKind: Sendable {}

extension RecognitionRule {
    /// The table. Times in ms, as common at 1.5 and 3 T.
    static let all: [RecognitionRule] = diffusion + flair + t2 + t1 + others

    private static let diffusion: [RecognitionRule] = [
        RecognitionRule("type of image: diffusion", .sequence(.dwi), 4) {
            $0.hasType("DIFFUSION", "TRACEW", "TRACE") && !$0.isDerivedDiffusion
        },
        RecognitionRule("b-value above 50 s/mm²", .sequence(.dwi), 4) {
            ($0.highestBValue ?? 0) > 50 && !$0.isDerivedDiffusion
        },
        RecognitionRule("sequence name of a diffusion scan", .sequence(.dwi), 3) {
            $0.sequenceName.contains("ep_b") || $0.sequenceName.contains("dwi") || $0.sequenceName.contains("resolve")
        },
        RecognitionRule("name: DWI", .sequence(.dwi), 2) {
            $0.hasWord("dwi", "dw", "dti", "diff", "diffusion", "trace", "tracew", "isodwi", "isotropic", "resolve")
                && !$0.isDerivedDiffusion
        },
        RecognitionRule("type of image or name: ADC", .other("ADC"), 7) { $0.isADC },
        RecognitionRule("type of image or name: map of the diffusion tensor", .other("diffusion map"), 7) {
            $0.isTensorMap
        },
    ]

    private static let flair: [RecognitionRule] = [
        RecognitionRule("name: FLAIR", .sequence(.flair), 4) {
            ($0.hasWord("flair", "darkfluid", "dark", "tirm") || $0.hasWordBeginning("flair"))
                && !$0.isWeighted("t1") && !$0.isFat
        },
        RecognitionRule("inversion time 1500 to 3500 ms, echo time from 60 ms", .sequence(.flair), 4) {
            $0.isWithin($0.inversionTime, 1500...3500) && $0.isWithin($0.echoTime, 60...700)
        },
        RecognitionRule("inversion recovery, echo time from 60 ms, repetition time from 4000 ms", .sequence(.flair), 2)
        {
            $0.inversionTime == nil && $0.isScanning("IR") && $0.isWithin($0.echoTime, 60...700)
                && $0.isWithin($0.repetitionTime, 4000...20000)
        },
    ]

    private static let t2: [RecognitionRule] = [
        RecognitionRule("name: T2", .sequence(.t2), 2) { $0.isWeighted("t2") && !$0.isSusceptibility },
        RecognitionRule("spin echo, echo time 60 to 250 ms, repetition time from 1800 ms", .sequence(.t2), 3) {
            $0.isSpinEcho && !$0.isScanning("IR") && !$0.isScanning("EP") && $0.inversionTime == nil
                && $0.isWithin($0.echoTime, 60...250) && $0.isWithin($0.repetitionTime, 1800...20000)
        },
        RecognitionRule("3D spin echo with a long train, repetition time from 1800 ms", .sequence(.t2), 2) {
            $0.is3D && $0.isSpinEcho && !$0.isScanning("IR") && $0.inversionTime == nil
                && $0.isWithin($0.echoTime, 150...600) && $0.isWithin($0.repetitionTime, 1800...20000)
        },
    ]

    private static let t1: [RecognitionRule] = [
        RecognitionRule("name: T1", .sequence(.t1), 2) { $0.isWeighted("t1") },
        RecognitionRule("name of a T1 technique", .sequence(.t1), 2) {
            $0.hasWord("mprage", "mpr", "bravo", "spgr", "fspgr", "tfl3d", "vibe", "thrive", "lava", "space_t1")
                || $0.sequenceName.hasPrefix("*tfl") || $0.sequenceName.hasPrefix("tfl")
                || $0.sequenceName.contains("fspgr") || $0.sequenceName.contains("efgre3d")
        },
        RecognitionRule("spin echo, echo time up to 30 ms, repetition time 250 to 1300 ms", .sequence(.t1), 3) {
            $0.isSpinEcho && !$0.isScanning("EP") && $0.isWithin($0.echoTime, 1...30)
                && $0.isWithin($0.repetitionTime, 250...1300)
        },
        RecognitionRule("inversion time 500 to 1400 ms, echo time up to 45 ms", .sequence(.t1), 3) {
            $0.isWithin($0.inversionTime, 500...1400) && $0.isWithin($0.echoTime, 0.5...45)
        },
        RecognitionRule("spoiled gradient echo, echo time up to 8 ms", .sequence(.t1), 2) {
            $0.isScanning("GR") && !$0.isScanning("EP") && $0.isSpoiled && $0.isWithin($0.echoTime, 0.5...8)
        },
    ]

    private static let others: [RecognitionRule] = [
        RecognitionRule("type of image or name: localizer", .other("localizer"), 8) {
            $0.hasType("LOCALIZER")
                || $0.hasWord("localizer", "localiser", "scout", "survey", "3plane", "loc", "aahead")
        },
        RecognitionRule("type of image or name: angiography", .other("angiography"), 6) {
            $0.hasType("MIP", "ANGIO") || $0.hasWord("tof", "mra", "mrv", "angio", "mip", "venc")
        },
        RecognitionRule("type of image or name: perfusion", .other("perfusion"), 6) {
            $0.hasType("PERFUSION", "ASL", "CBF", "CBV", "MTT", "TTP")
                || $0.hasWord("perf", "perfusion", "dsc", "dce", "asl", "cbf", "cbv", "rcbv", "mtt", "pasl", "pcasl")
        },
        RecognitionRule("type of image or name: functional", .other("functional"), 5) {
            $0.hasType("FMRI") || $0.hasWord("bold", "fmri", "rsfmri", "rest")
        },
        RecognitionRule("name: susceptibility or T2*", .other("susceptibility"), 5) { $0.isSusceptibility },
        RecognitionRule("gradient echo, echo time from 12 ms", .other("susceptibility"), 3) {
            $0.isScanning("GR") && !$0.isSpinEcho && !$0.isScanning("EP") && $0.isWithin($0.echoTime, 12...80)
        },
        RecognitionRule("gradient-echo EPI without diffusion", .other("functional"), 3) {
            $0.isScanning("EP") && !$0.isSpinEcho && ($0.highestBValue ?? 0) <= 50
        },
        RecognitionRule("name: field map", .other("field map"), 6) { $0.hasWord("fieldmap", "fmap", "b0map", "b1map") },
        RecognitionRule("name: proton density", .other("proton density"), 3) {
            $0.hasWord("pd", "pdw", "dp", "proton")
        },
        RecognitionRule("spin echo, echo time up to 45 ms, repetition time from 1800 ms", .other("proton density"), 3) {
            $0.isSpinEcho && !$0.isScanning("EP") && !$0.isScanning("IR") && $0.inversionTime == nil && !$0.is3D
                && $0.isWithin($0.echoTime, 1...45) && $0.isWithin($0.repetitionTime, 1800...20000)
        },
        RecognitionRule("fat suppressed by inversion", .other("STIR"), 5) {
            $0.hasWord("stir") || $0.isWithin($0.inversionTime, 80...300) && $0.isScanning("IR")
        },
        RecognitionRule("name: spectroscopy", .other("spectroscopy"), 6) {
            $0.hasWord("mrs", "csi", "press", "steam", "svs", "spectroscopy", "spectro")
        },
        RecognitionRule("name: quantitative map", .other("quantitative map"), 5) {
            $0.hasWord("t1map", "t2map", "t1rho", "magic", "molli", "qsm", "r2map", "parametric")
        },
        RecognitionRule("name: subtraction", .other("subtraction"), 5) {
            $0.hasType("SUBTRACTION") || $0.hasWord("subtraction", "subtracted")
        },
    ]
}

import Contracts

/// The tissues of the brain phantom.
enum BrainTissue: UInt8, CaseIterable {
    case air
    case scalp
    case skull
    case fluid
    case gray
    case white

    /// Signal in arbitrary units, in the order of brightness that each sequence has (FLAIR: dark fluid; T2: bright
    /// fluid; T1: white brighter than gray; DWI: little but brain).
    func signal(in sequence: MRSequence) -> Float {
        switch sequence {
        case .t1: [0, 900, 60, 150, 450, 620][Int(rawValue)]
        case .t2: [0, 600, 50, 1100, 540, 400][Int(rawValue)]
        case .flair: [0, 500, 50, 90, 490, 400][Int(rawValue)]
        case .dwi: [0, 60, 20, 40, 340, 280][Int(rawValue)]
        case .t1ce: [0, 950, 70, 160, 470, 630][Int(rawValue)]
        }
    }

    /// Signal of edema.
    static func edema(in sequence: MRSequence) -> Float {
        switch sequence {
        case .t1: 380
        case .t2: 860
        case .flair: 860
        case .dwi: 250
        case .t1ce: 390
        }
    }
}

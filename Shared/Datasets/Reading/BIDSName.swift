import Contracts

/// What the name of a BIDS file says: `sub-01_ses-2_ce-gadolinium_T1w.nii.gz`.
struct BIDSName {
    let entities: [String: String]
    /// The last word, for example `T1w`.
    let suffix: String

    /// Nil for what is no NIfTI file.
    init?(_ name: String) {
        let stem: Substring
        if name.hasSuffix(".nii.gz") {
            stem = name.dropLast(7)
        } else if name.hasSuffix(".nii") {
            stem = name.dropLast(4)
        } else {
            return nil
        }
        let words = stem.split(separator: "_")
        guard let last = words.last else { return nil }
        suffix = String(last)
        var entities: [String: String] = [:]
        for word in words.dropLast() {
            guard let dash = word.firstIndex(of: "-") else { continue }
            entities[String(word[..<dash])] = String(word[word.index(after: dash)...])
        }
        self.entities = entities
    }

    /// The sequence of a raw file; nil for others.
    var sequence: MRSequence? {
        switch suffix {
        case "T1w": entities["ce"] == nil ? .t1 : .t1ce
        case "T2w": .t2
        case "FLAIR": .flair
        case "dwi": .dwi
        default: nil
        }
    }

    /// Whether it is a map of lesions: `*_dseg`, or `*lesion*_mask`.
    var isLesionMap: Bool {
        suffix == "dseg"
            || suffix == "mask" && entities.contains { ($0.key + $0.value).lowercased().contains("lesion") }
    }

    /// How a sequence's file ends, for messages.
    static func ending(of sequence: MRSequence) -> String {
        switch sequence {
        case .t1: "anat/*_T1w.nii.gz"
        case .t2: "anat/*_T2w.nii.gz"
        case .flair: "anat/*_FLAIR.nii.gz"
        case .dwi: "dwi/*_dwi.nii.gz"
        case .t1ce: "anat/*_ce-gadolinium_T1w.nii.gz"
        }
    }

    /// Whether a word may name a participant or a session: letters and digits after the key.
    static func isLabel(_ text: String, key: String) -> Bool {
        text.hasPrefix(key + "-") && text.count > key.count + 1
            && text.dropFirst(key.count + 1).allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }
}

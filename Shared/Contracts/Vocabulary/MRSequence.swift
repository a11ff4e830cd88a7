/// The MR sequences that the networks know.
package enum MRSequence: String, Codable, Sendable, CaseIterable, Comparable {
    case t1 = "T1"
    case t2 = "T2"
    case flair = "FLAIR"
    case dwi = "DWI"
    /// T1 after contrast medium.
    case t1ce = "T1CE"

    package static func < (left: MRSequence, right: MRSequence) -> Bool {
        guard let first = allCases.firstIndex(of: left), let second = allCases.firstIndex(of: right) else {
            return false
        }
        return first < second
    }
}

/// The plane in which a series was acquired.
package enum Plane: String, Codable, Sendable, CaseIterable {
    case axial
    case sagittal
    case coronal
}

extension StudySubmitted {
    /// Most series that one study may bring.
    package static let seriesLimit = 64
    /// Most regions that one study may bring.
    package static let regionLimit = 256

    package func validate() throws(Failure) {
        guard Self.isUID(studyInstanceUID) else {
            throw Self.invalid("studyInstanceUID", "expected a DICOM UID: digits and dots, at most 64 characters")
        }
        if let site, !Self.isName(site, limit: 64) {
            throw Self.invalid("site", "expected at most 64 letters, digits, '-' or '_'")
        }
        for (field, value) in [("accessionNumber", accessionNumber), ("patientID", patientID)] {
            if let value, value.utf8.count > 64 { throw Self.invalid(field, "expected at most 64 bytes") }
        }
        try validateSeries()
        try validateRegions()
        if let seconds = policy?.deadlineSeconds, !(seconds > 0 && seconds <= 604_800) {
            throw Self.invalid("policy.deadlineSeconds", "expected more than 0 and at most 604800 seconds")
        }
    }

    private func validateSeries() throws(Failure) {
        guard !series.isEmpty else {
            throw Failure(.noSeries, .invalid, "series: expected at least one series, found none")
        }
        guard series.count <= Self.seriesLimit else {
            throw Self.invalid("series", "expected at most \(Self.seriesLimit), found \(series.count)")
        }
        var seen: [AcquiredSequence: Int] = [:]
        for (index, one) in series.enumerated() {
            try Self.validateLocation(one.location, "series[\(index)].location")
            if let uid = one.seriesInstanceUID, !Self.isUID(uid) {
                throw Self.invalid("series[\(index)].seriesInstanceUID", "expected a DICOM UID")
            }
            if let digest = one.sha256, !Check.isSHA256(digest) {
                throw Self.invalid("series[\(index)].sha256", "expected 64 hexadecimal digits")
            }
            // Lymph-node crops may all be T2: there each image is a region.
            guard task == .brainMetastasis || regions != nil else { continue }
            if let first = seen.updateValue(index, forKey: AcquiredSequence(sequence: one.sequence, plane: one.plane)) {
                throw Failure(
                    .duplicateSequence, .invalid,
                    "series[\(index)].sequence: \(one.sequence.rawValue) was already given by series[\(first)]; "
                        + "expected each sequence once")
            }
        }
    }

    private struct AcquiredSequence: Hashable {
        var sequence: MRSequence
        var plane: Plane?
    }

    private func validateRegions() throws(Failure) {
        guard let regions else {
            guard task == .lymphNode else {
                throw Failure(
                    .regionsMissing, .invalid,
                    "regions: a brain-metastasis study needs a mask, boxes, contours or seeds that say where its lesions are"
                )
            }
            return
        }
        let kinds = [regions.mask != nil, regions.boxes != nil, regions.contours != nil, regions.seeds != nil]
            .filter { $0 }.count
        guard kinds == 1 else {
            throw Self.invalid("regions", "expected exactly one of mask, boxes, contours, seeds; found \(kinds)")
        }
        if let mask = regions.mask {
            try Self.validateLocation(mask.location, "regions.mask.location")
            if let labels = mask.labels, labels.isEmpty || labels.contains(where: { $0 < 1 || $0 > 65_535 }) {
                throw Self.invalid("regions.mask.labels", "expected labels from 1 to 65535")
            }
        }
        if let boxes = regions.boxes { try validateBoxes(boxes) }
        if let contours = regions.contours { try validateContours(contours) }
        if let seeds = regions.seeds { try validateSeeds(seeds) }
    }

    private func validateBoxes(_ boxes: [RegionBox]) throws(Failure) {
        guard !boxes.isEmpty else {
            throw Failure(.regionsMissing, .invalid, "regions.boxes: expected at least one box, found none")
        }
        guard boxes.count <= Self.regionLimit else {
            throw Failure(
                .tooManyRegions, .invalid, "regions.boxes: expected at most \(Self.regionLimit), found \(boxes.count)")
        }
        var names = Set<String>()
        for (index, box) in boxes.enumerated() {
            let field = "regions.boxes[\(index)]"
            try Self.validateName(box.id, "\(field).id", among: &names)
            guard box.minimum.count == 3, box.maximum.count == 3 else {
                throw Failure(.boxInvalid, .invalid, "\(field): expected three numbers in minimum and in maximum")
            }
            guard zip(box.minimum, box.maximum).allSatisfy({ $0.isFinite && $1.isFinite && $0 <= $1 }) else {
                throw Failure(.boxInvalid, .invalid, "\(field): expected finite minimum <= maximum on every axis")
            }
            if box.frame == .voxel || box.series != nil {
                guard let chosen = box.series ?? (series.count == 1 ? 0 : nil), series.indices.contains(chosen) else {
                    throw Failure(
                        .boxInvalid, .invalid,
                        "\(field).series: expected the index of a series, 0 to \(series.count - 1), for a voxel box")
                }
            }
        }
    }

    private func validateContours(_ contours: [RegionContour]) throws(Failure) {
        guard !contours.isEmpty else {
            throw Failure(.regionsMissing, .invalid, "regions.contours: expected at least one contour, found none")
        }
        guard contours.count <= Self.regionLimit else {
            throw Failure(.tooManyRegions, .invalid, "regions.contours: expected at most \(Self.regionLimit)")
        }
        var names = Set<String>()
        for (index, contour) in contours.enumerated() {
            let field = "regions.contours[\(index)]"
            try Self.validateName(contour.id, "\(field).id", among: &names)
            try Self.validateLocation(contour.location, "\(field).location")
            guard series.indices.contains(contour.series), contour.slice >= 1 else {
                throw Self.invalid(field, "expected the index of a series and a slice counted from 1")
            }
        }
    }

    private func validateSeeds(_ seeds: [RegionSeed]) throws(Failure) {
        guard !seeds.isEmpty else {
            throw Failure(.regionsMissing, .invalid, "regions.seeds: expected at least one seed, found none")
        }
        guard seeds.count <= Self.regionLimit else {
            throw Failure(.tooManyRegions, .invalid, "regions.seeds: expected at most \(Self.regionLimit)")
        }
        var names = Set<String>()
        for (index, seed) in seeds.enumerated() {
            let field = "regions.seeds[\(index)]"
            try Self.validateName(seed.id, "\(field).id", among: &names)
            guard seed.point.count == 3, seed.point.allSatisfy({ abs($0) <= 1e6 }) else {
                throw Failure(.seedInvalid, .invalid, "\(field).point: expected three numbers within ±10^6")
            }
            guard series.indices.contains(seed.series ?? 0) else {
                throw Failure(
                    .seedInvalid, .invalid,
                    "\(field).series: expected the index of a series, 0 to \(series.count - 1)")
            }
            if let radius = seed.radiusMM, !(radius > 0 && radius <= 200) {
                throw Failure(.seedInvalid, .invalid, "\(field).radiusMM: expected more than 0 and at most 200")
            }
        }
    }

    private static func validateName(
        _ name: String?, _ field: String, among names: inout Set<String>
    ) throws(Failure) {
        guard let name else { return }
        guard isName(name, limit: 64) else {
            throw invalid(field, "expected 1 to 64 letters, digits, '-' or '_'")
        }
        guard names.insert(name).inserted else { throw invalid(field, "this id was already given") }
    }

    private static func validateLocation(_ location: String, _ field: String) throws(Failure) {
        guard !location.isEmpty, location.utf8.count <= 4096, !location.utf8.contains(0) else {
            throw invalid(field, "expected a location of 1 to 4096 bytes without NUL")
        }
    }

    /// Digits in components separated by dots, at most 64 characters. A leading zero in a component is against
    /// DICOM PS3.5 section 9.1, but found in real archives, so it is let through.
    private static func isUID(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 64 else { return false }
        return text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { component in
            !component.isEmpty && component.allSatisfy { (48...57).contains($0) }
        }
    }

    private static func isName(_ text: String, limit: Int) -> Bool {
        !text.isEmpty && text.utf8.count <= limit
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95
            }
    }

    private static func invalid(_ field: String, _ expectation: String) -> Failure {
        Failure(.invalidField, .invalid, "\(field): \(expectation)")
    }
}

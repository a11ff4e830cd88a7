// What the stages check of each other's messages. A queue is a door too: whoever may publish to it, or an older
// version beside a newer one, must not be able to make a stage allocate, index or name files by unchecked numbers.

extension TensorReference {
    private static let elementTypes: Set<String> = ["float32", "float16", "bfloat16", "int16", "uint8"]
    private static let elementLimit = 1 << 40

    func validate(_ field: String) throws(Failure) {
        guard (1...512).contains(key.utf8.count) else {
            throw Check.invalid("\(field).key", "expected 1 to 512 bytes, found \(key.utf8.count)")
        }
        guard (1...8).contains(shape.count), shape.allSatisfy({ $0 >= 1 }) else {
            throw Check.invalid("\(field).shape", "expected 1 to 8 axes of at least one element each")
        }
        var elements = 1
        for length in shape {
            let (product, overflow) = elements.multipliedReportingOverflow(by: length)
            guard !overflow, product <= Self.elementLimit else {
                throw Check.invalid("\(field).shape", "expected at most \(Self.elementLimit) elements")
            }
            elements = product
        }
        guard Self.elementTypes.contains(elementType) else {
            throw Check.invalid(
                "\(field).elementType", "expected one of \(Self.elementTypes.sorted().joined(separator: ", "))")
        }
        try Check.atLeast(1, byteCount, "\(field).byteCount")
    }
}

extension VolumeGeometry {
    func validate(_ field: String) throws(Failure) {
        guard shape.count == 3, shape.allSatisfy({ (1...65_535).contains($0) }) else {
            throw Check.invalid("\(field).shape", "expected three axes of 1 to 65535 voxels")
        }
        guard spacing.count == 3, spacing.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw Check.invalid("\(field).spacing", "expected three spacings above 0 mm")
        }
        try Check.affine(affine, "\(field).affine")
    }
}

extension StudyIngested {
    package func validate() throws(Failure) {
        try Check.identifier(runID, "runID")
        try Check.sha256(contentSHA256, "contentSHA256")
        try Check.positive(deadlineSeconds, "deadlineSeconds")
        guard !series.isEmpty else {
            throw Failure(.noSeries, .invalid, "series: expected at least one series, found none")
        }
        for (index, one) in series.enumerated() {
            let field = "series[\(index)]"
            try Check.sha256(one.sha256, "\(field).sha256")
            try one.geometry.validate("\(field).geometry")
            try one.tensor.validate("\(field).tensor")
        }
        if let mask = regions.mask {
            try Check.sha256(mask.sha256, "regions.mask.sha256")
            try mask.geometry.validate("regions.mask.geometry")
            try mask.tensor.validate("regions.mask.tensor")
        }
        for (index, contour) in (regions.contours ?? []).enumerated() {
            let field = "regions.contours[\(index)]"
            try Check.sha256(contour.sha256, "\(field).sha256")
            guard series.indices.contains(contour.series) else {
                throw Check.invalid("\(field).series", "expected the index of a series, 0 to \(series.count - 1)")
            }
            try contour.validateRuns(in: series[contour.series].geometry.shape, field)
        }
        for (index, seed) in (regions.seeds ?? []).enumerated() {
            guard seed.point.count == 3, series.indices.contains(seed.series ?? 0) else {
                throw Failure(.seedInvalid, .invalid, "regions.seeds[\(index)]: expected three numbers and a series")
            }
        }
        for (index, box) in (regions.boxes ?? []).enumerated() {
            let field = "regions.boxes[\(index)]"
            guard box.minimum.count == 3, box.maximum.count == 3 else {
                throw Failure(.boxInvalid, .invalid, "\(field): expected three numbers in minimum and in maximum")
            }
            if let chosen = box.series, !series.indices.contains(chosen) {
                throw Failure(
                    .boxInvalid, .invalid, "\(field).series: expected the index of a series, 0 to \(series.count - 1)")
            }
        }
    }
}

extension IngestedContour {
    /// Inside the volume, in file order, none touching another.
    fileprivate func validateRuns(in shape: [Int], _ field: String) throws(Failure) {
        guard 0..<shape[2] ~= slice, !runs.isEmpty, runs.count % 3 == 0, runs.count <= 3 * 1_000_000 else {
            throw Check.invalid(field, "expected a slice of the series and runs of three numbers each")
        }
        var (lastRow, lastEnd) = (-1, 0)
        for index in stride(from: 0, to: runs.count, by: 3) {
            let (row, start, end) = (runs[index], runs[index + 1], runs[index + 2])
            guard 0..<shape[1] ~= row, start >= 0, start < end, end <= shape[0],
                row > lastRow || (row == lastRow && start > lastEnd)
            else { throw Check.invalid("\(field).runs", "expected runs inside the slice, in order") }
            (lastRow, lastEnd) = (row, end)
        }
    }
}

extension StudyAdmitted {
    package func validate() throws(Failure) {
        do {
            try study.validate()
        } catch {
            var failure = error
            failure.message = "study." + failure.message
            throw failure
        }
        try Check.atLeast(1, revision, "revision")
        try Check.atLeast(0, recovery, "recovery")
        try Check.positive(deadline, "deadline")
    }
}

extension StudyRejected {
    package func validate() throws(Failure) { try Check.identifier(runID, "runID") }
}

extension StudyPlanned {
    package func validate() throws(Failure) {
        try Check.identifier(runID, "runID")
        for (index, region) in regions.enumerated() {
            try Check.identifier(region.id, "regions[\(index)].id")
            guard region.location.centroidRAS.count == 3 else {
                throw Check.invalid("regions[\(index)].location.centroidRAS", "expected three numbers in mm")
            }
        }
        // The join counts regions by id: two of one name would wait for ever.
        try Check.identifiersDiffer(regions.map(\.id), "regions")
        for (index, one) in quality.series.enumerated() {
            try Check.share(one.coverage, "quality.series[\(index)].coverage")
        }
    }
}

extension RegionPrepared {
    package func validate() throws(Failure) {
        try Check.identifier(runID, "runID")
        try Check.identifier(regionID, "regionID")
        try Check.positive(deadline, "deadline")
        for (index, patch) in patches.enumerated() {
            let field = "patches[\(index)]"
            try patch.tensor.validate("\(field).tensor")
            try Check.affine(patch.affine, "\(field).affine")
        }
    }
}

extension RegionClassified {
    package func validate() throws(Failure) {
        try Check.identifier(runID, "runID")
        try Check.identifier(regionID, "regionID")
        try Check.shares(probabilities, "probabilities")
        try labelSet?.validate("labelSet")
        for (index, node) in decisionPath.enumerated() {
            let field = "decisionPath[\(index)]"
            if let probability = node.probability { try Check.share(probability, "\(field).probability") }
            try node.labelSet?.validate("\(field).labelSet")
            if let outside = node.outOfDistribution {
                try Check.measure(outside.distance, "\(field).outOfDistribution.distance")
                try Check.measure(outside.threshold, "\(field).outOfDistribution.threshold")
            }
            if let heatmap = node.heatmap {
                try Check.affine(heatmap.affine, "\(field).heatmap.affine")
                try heatmap.tensor?.validate("\(field).heatmap.tensor")
            }
        }
    }
}

extension LabelSet {
    fileprivate func validate(_ field: String) throws(Failure) {
        try Check.share(coverage, "\(field).coverage")
        guard labels.count <= 16, Set(labels).count == labels.count else {
            throw Check.invalid("\(field).labels", "expected at most 16 different labels")
        }
    }
}

extension RegionLost {
    package func validate() throws(Failure) {
        try Check.identifier(runID, "runID")
        try Check.identifier(regionID, "regionID")
    }
}

extension DeliveryParked {
    package func validate() throws(Failure) {
        try Check.identifier(runID, "runID")
        if let regionID { try Check.identifier(regionID, "regionID") }
    }
}

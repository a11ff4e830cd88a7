package import Contracts
package import Imaging
package import ServiceRuntime

/// The files of one study, read and checked.
package struct StudyFiles: Sendable {
    /// In the order of the submission.
    package var series: [LoadedVolume]
    package var mask: LoadedVolume?
    /// In the order of the submission; nil where the study has none.
    package var contours: [IngestedContour]?
}

/// Reads a study's files, several at once, away from the cooperative pool.
package struct StudyLoader: Sendable {
    let resolver: LocationResolver
    let reader: ImageReader
    let work: BlockingWork

    package init(resolver: LocationResolver, reader: ImageReader, work: BlockingWork) {
        self.resolver = resolver
        self.reader = reader
        self.work = work
    }

    /// Reads all that a study names.
    ///
    /// - Throws: ``ImagingError`` naming the series, or ``Failure`` where a file is not the one that was announced.
    package func load(_ study: StudySubmitted) async throws -> StudyFiles {
        var files = try await withThrowingTaskGroup(of: (Int, LoadedVolume).self) { group in
            for (index, series) in study.series.enumerated() {
                group.addTask {
                    let subject = "series[\(index)] (\(series.sequence.rawValue))"
                    let choice = DICOMReader.Choice(
                        seriesInstanceUID: series.seriesInstanceUID, sequence: series.sequence)
                    var loaded = try await load(series.location, choice, subject)
                    if let announced = series.sha256, announced.lowercased() != loaded.sha256 {
                        throw Failure(
                            .checksumMismatch, .invalid,
                            "\(subject).sha256: the file has another digest (\(loaded.sha256)); submit the study again")
                    }
                    if let note = SeriesRecognition.contradiction(series.sequence, loaded.recognized) {
                        loaded.notes.append(note)
                    }
                    return (index, loaded)
                }
            }
            if let mask = study.regions?.mask {
                group.addTask { (-1, try await load(mask.location, DICOMReader.Choice(), "regions.mask")) }
            }
            let loaded = try await group.reduce(into: [Int: LoadedVolume]()) { $0[$1.0] = $1.1 }
            return StudyFiles(series: study.series.indices.compactMap { loaded[$0] }, mask: loaded[-1])
        }
        if let contours = study.regions?.contours {
            let series = files.series
            files.contours = try await work.run { [resolver] in
                try ContourFiles.read(contours, of: series, resolver: resolver)
            }
        }
        return files
    }

    private func load(
        _ location: String, _ choice: DICOMReader.Choice, _ subject: String
    ) async throws -> LoadedVolume {
        try await work.run { [resolver, reader] in
            try reader.read(location, beneath: resolver, choice: choice, subject: subject)
        }
    }
}

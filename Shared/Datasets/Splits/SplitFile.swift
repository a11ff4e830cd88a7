import Imaging

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// `split.json`.
private struct SplitContents: Codable {
    static let schema = "oncorelay.split/1"

    var schema = SplitContents.schema
    var unit: SplitUnit
    var seed: UInt64
    var fractions: [Cohort: Double]
    var assignment: [String: Cohort]
}

extension Split {
    /// Writes the split; a file that is there is replaced in one step.
    ///
    /// - Throws: `ImagingError` (`file-unreadable`) where the file cannot be written.
    package func write(to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let contents = SplitContents(unit: unit, seed: seed, fractions: fractions, assignment: assignment)
        try OutputFile.replace(file.path, with: [UInt8](try encoder.encode(contents)) + [UInt8(ascii: "\n")])
    }

    /// Reads a split and holds it against its dataset.
    ///
    /// - Parameters:
    ///   - file: `split.json`.
    ///   - dataset: which it must fit: every example has a cohort, and nothing else has.
    /// - Throws: ``SplitError`` with all that does not fit; above all patients in two cohorts of a split by patient, by
    ///   name.
    package init(from file: URL, for dataset: Dataset) throws(SplitError) {
        let name = file.lastPathComponent
        let contents: SplitContents
        do {
            contents = try JSONDecoder().decode(SplitContents.self, from: try Data(contentsOf: file))
        } catch let error as DecodingError {
            throw SplitError(["\(name): expected unit, seed, fractions and assignment, found \(Self.reason(error))"])
        } catch {
            throw SplitError(["\(name): the file cannot be read; check that it is there"])
        }
        guard contents.schema == SplitContents.schema else {
            throw SplitError(["\(name): expected schema \(SplitContents.schema), found '\(contents.schema)'"])
        }
        self.init(
            unit: contents.unit, seed: contents.seed, fractions: contents.fractions, assignment: contents.assignment)
        try check(against: dataset)
    }

    /// Holds a split against a dataset.
    ///
    /// - Throws: ``SplitError`` as for reading.
    package func check(against dataset: Dataset) throws(SplitError) {
        var problems: [String] = []
        let ids = Set(dataset.examples.map(\.id))
        let missing = dataset.examples.filter { assignment[$0.id] == nil }.map(\.id)
        if !missing.isEmpty { problems.append("these examples have no cohort: \(Self.list(missing))") }
        let unknown = assignment.keys.filter { !ids.contains($0) }.sorted()
        if !unknown.isEmpty { problems.append("these are no examples of the dataset: \(Self.list(unknown))") }
        let overlaps = overlaps(in: dataset)
        if unit == .patient {
            let patients = Set(overlaps.flatMap(\.patients)).sorted()
            if !patients.isEmpty {
                problems.append(
                    "it is a split by patient, but these patients are in two cohorts: \(Self.list(patients)); put each into "
                        + "one, or split by group or image and say so")
            }
        } else if unit == .group {
            let groups = Set(overlaps.flatMap(\.groups)).sorted()
            if !groups.isEmpty {
                problems.append(
                    "it is a split by group, but these lesions or nodes are in two cohorts: \(Self.list(groups))")
            }
        }
        guard problems.isEmpty else { throw SplitError(problems) }
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(50).joined(separator: ", ") + (names.count > 50 ? " and \(names.count - 50) more" : "")
    }

    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "no '\(key.stringValue)'"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "another kind of value at \(context.codingPath.map(\.stringValue).joined(separator: "."))"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "no JSON" : "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' of an unknown value"
        @unknown default: "something else"
        }
    }
}

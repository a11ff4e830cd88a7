import Contracts
import Foundation

extension BadInput {
    /// Bodies that are no study, whatever they are.
    static let bodies: [BadInput] = [
        .body("no bytes", .bodyEmpty) { [] },
        .body("malformed JSON", .malformedJSON) { Array(#"{"studyInstanceUID": "1.2.3", "#.utf8) },
        .body("no JSON at all", .malformedJSON) { Array("MSH|^~\\&|RIS|NORTH".utf8) },
        .body("a list of studies", .invalidField) { Array("[]".utf8) },
        .body("bad UTF-8", .invalidUTF8) { Array(#"{"site": ""#.utf8) + [0xff, 0xfe] + Array(#""}"#.utf8) },
        .body("10,000 levels of nesting", .nestingTooDeep) {
            Array(repeating: UInt8(ascii: "["), count: 10_000) + Array(repeating: UInt8(ascii: "]"), count: 10_000)
        },
        .body("2 MB of body", .bodyTooLarge) {
            Array(#"{"site": ""#.utf8) + Array(repeating: UInt8(ascii: "x"), count: 2 << 20) + Array(#""}"#.utf8)
        },
        .body("an unknown version", .unsupportedVersion, naming: "study.submitted.v1") {
            envelope(type: "org.oncorelay.study.submitted.v9")
        },
        .body("another event", .unsupportedVersion, naming: "study.submitted.v1") {
            envelope(type: ResultFinal.eventType)
        },
        .body("another CloudEvents version", .unsupportedVersion, naming: "specversion") {
            envelope(specversion: "2.0")
        },
        .body(
            "a study without the envelope that it is said to have", .missingField, naming: "specversion",
            contentType: EventCoding.cloudEventsContentType
        ) { Array(#"{"studyInstanceUID": "1.2.3"}"#.utf8) },
    ]

    private static func envelope(
        specversion: String = "1.0", type: String = StudySubmitted.eventType
    ) -> [UInt8] {
        Array(
            #"{"specversion": "\#(specversion)", "id": "1", "source": "urn:test", "type": "\#(type)", "data": {}}"#.utf8
        )
    }

    /// Studies that ask for what there is not.
    static let requests: [BadInput] = [
        .json("unknown task", .unknownTask, naming: "brain-metastasis") { $0["task"] = "liver-lesion" },
        .json("no task", .missingField, naming: "task") { $0["task"] = nil },
        .json("no study UID", .missingField, naming: "studyInstanceUID") { $0["studyInstanceUID"] = nil },
        .json("a study UID of letters", .invalidField, naming: "studyInstanceUID") { $0["studyInstanceUID"] = "abc" },
        .json("an unknown sequence", .invalidField, naming: "series[0].sequence") {
            $0["series"] = [["sequence": "PET", "location": "file:brain/t1.nii.gz"]]
        },
        .json("no list of series", .missingField, naming: "series") { $0["series"] = nil },
        .json("series that are no list", .invalidField, naming: "series") { $0["series"] = "T1" },
        .study("no series", .noSeries, naming: "series") { study, _ in study.series = [] },
        .study("a sequence given twice", .duplicateSequence, naming: "series[5]") { study, _ in
            study.series.append(study.series[0])
        },
        .study("a missing sequence", .missingSequence, naming: "DWI") { study, _ in
            study.series.removeAll { $0.sequence == .dwi }
        },
        .study("a missing sequence under the policy partial", .missingSequence, naming: "DWI", ending: .partial) {
            study, _ in
            study.series.removeAll { $0.sequence == .dwi }
            study.policy = SubmissionPolicy(missingSequences: .partial)
        },
        .study("none of the wanted sequences", .missingSequence, naming: "T1CE") { study, _ in
            study.series.removeAll { $0.sequence != .flair }
            study.policy = SubmissionPolicy(missingSequences: .partial)
        },
        .study("a deadline of nothing", .invalidField, naming: "policy.deadlineSeconds") { study, _ in
            study.policy?.deadlineSeconds = 0
        },
        .study("no regions", .regionsMissing, naming: "regions") { study, _ in study.regions = nil },
        .study("a contour that is not there", .fileMissing, naming: "regions.contours[0]") { study, _ in
            study.regions = SubmittedRegions(
                contours: [RegionContour(id: "node", series: 0, slice: 1, location: "file:brain/a.roi")])
        },
        .study("two kinds of regions", .invalidField, naming: "regions") { study, _ in
            study.regions?.boxes = [RegionBox(frame: .world, minimum: [0, 0, 0], maximum: [1, 1, 1])]
        },
    ]

    /// Files that are not where the study says, or must not be looked at.
    static let locations: [BadInput] = [
        .location("a path out of the root", .locationOutsideRoot) { folder in
            try folder.writeOutside()
            return "file:../outside/t1.nii.gz"
        },
        .location("a path out of the root in disguise", .locationOutsideRoot) { folder in
            try folder.writeOutside()
            return "file:brain/%2e%2e/%2e%2e/outside/t1.nii.gz"
        },
        .location("an absolute path outside", .locationOutsideRoot) { folder in
            try folder.writeOutside()
            return "file://\(folder.outside)/t1.nii.gz"
        },
        .location("a bare absolute path outside", .locationOutsideRoot) { _ in "/etc/hostname" },
        .location("a link out of the root", .locationOutsideRoot) { folder in
            try folder.writeOutside()
            try folder.link("escape.nii.gz", to: "\(folder.outside)/t1.nii.gz")
            return "file:escape.nii.gz"
        },
        .location("a relative link out of the root", .locationOutsideRoot) { folder in
            try folder.writeOutside()
            try folder.link("relative.nii.gz", to: "../outside/t1.nii.gz")
            return "file:relative.nii.gz"
        },
        .location("a folder that is a link out of the root", .locationOutsideRoot) { folder in
            try folder.writeOutside()
            try folder.link("way-out", to: folder.outside)
            return "file:way-out/t1.nii.gz"
        },
        .location("links in a circle", .fileMissing) { folder in
            try folder.link("one.nii", to: "two.nii")
            try folder.link("two.nii", to: "one.nii")
            return "file:one.nii"
        },
        .location("a missing file", .fileMissing) { _ in "file:brain/t9.nii.gz" },
        .location("a missing folder", .fileMissing) { _ in "file:no/such/t1.nii.gz" },
        .location("a folder in place of a file", .imageFormatUnsupported) { _ in "file:brain" },
        .location("a pipe in place of a file", .imageFormatUnsupported) { folder in
            try folder.pipe("pipe.nii")
            return "file:pipe.nii"
        },
        .location("a scheme that is not enabled", .locationSchemeDisabled) { _ in
            "https://pacs.example/dicom-web/studies/1/series/2"
        },
        .location("another machine's file", .locationSchemeDisabled) { _ in "file://pacs.example/t1.nii.gz" },
        .location("no location", .invalidField) { _ in "" },
        .study("another file than announced", .checksumMismatch, naming: "series[1] (T2).sha256") { study, _ in
            study.series[1].sha256 = String(repeating: "0", count: 64)
        },
    ]

    private static func location(
        _ name: String, _ code: ReasonCode, _ make: @escaping @Sendable (StudyFolder) throws -> String
    ) -> BadInput {
        .study(name, code, naming: "series[0]") { study, folder in study.series[0].location = try make(folder) }
    }
}

extension StudyFolder {
    /// A file outside the root that could very well be read.
    fileprivate func writeOutside() throws {
        try Data(try bytes("brain/t1.nii.gz")).write(to: URL(fileURLWithPath: "\(outside)/t1.nii.gz"))
    }

    fileprivate func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(root)/\(name)", withDestinationPath: target)
    }

    fileprivate func pipe(_ name: String) throws {
        guard mkfifo("\(root)/\(name)", 0o600) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }
}

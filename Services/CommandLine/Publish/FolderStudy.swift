import Contracts
import Digests
import Imaging

/// Makes a study.submitted of what lies in a folder, and knows what it cannot know.
struct FolderStudy {
    /// What the command was told.
    struct Answers: Sendable, Equatable {
        var task: ClinicalTask?
        /// For a sequence the path from the folder on, or the series' UID.
        var series: [MRSequence: String] = [:]
        /// From the folder on.
        var mask: String?
        var studyInstanceUID: String?
    }

    /// Something that must be asked.
    struct Question: Sendable, Equatable {
        /// What is to be answered.
        enum Subject: Sendable, Equatable {
            case task
            case series(MRSequence)
            case mask
            case study
        }

        let subject: Subject
        let text: String
        /// As they can be given to the flag.
        let choices: [String]
        /// What is known of each choice, for people; as many as the choices, or none.
        var descriptions: [String] = []
        /// The flag that answers it.
        let flag: String
    }

    enum Outcome: Equatable {
        case study(StudySubmitted, leftOut: [String])
        case question(Question)
        /// Nothing in the folder can be asked about.
        case impossible(String)
    }

    let survey: FolderSurvey
    /// Put before the paths: where the folder lies beneath the services' root, without a slash at its end; or its
    /// absolute path.
    let prefix: String

    /// - Parameter answers: what is known so far.
    /// - Returns: the study, or the first thing that is not known.
    func study(_ answers: Answers) -> Outcome {
        guard !survey.series.isEmpty else {
            return .impossible("expected NIfTI files, DICOM series or pictures, found none of them")
        }
        let volumes = survey.series.filter { $0.kind != .picture }
        let pictures = survey.series.filter { $0.kind == .picture }
        // Pictures alone can only be cut-outs of lymph nodes.
        guard let task = answers.task ?? (volumes.isEmpty ? .lymphNode : nil) else {
            return .question(
                Question(
                    subject: .task, text: "Which question is asked of this study?",
                    choices: ClinicalTask.allCases.map(\.rawValue), flag: "--task"))
        }
        let uid: String
        switch studyUID(answers) {
        case .success(let found): uid = found
        case .failure(let question): return .question(question)
        }
        var study = StudySubmitted(studyInstanceUID: uid, task: task, series: [])
        if volumes.isEmpty {
            guard task == .lymphNode else {
                return .impossible("a brain-metastasis study needs volumes, the folder holds pictures only")
            }
            study.series = pictures.map { SubmittedSeries(sequence: .t2, location: location($0.path)) }
            return .study(study, leftOut: [])
        }
        var chosen: [(MRSequence, FolderSurvey.Series)] = []
        for sequence in task == .lymphNode ? [MRSequence.t2] : MRSequence.allCases {
            switch series(sequence, among: volumes, answers) {
            case .success(let found): if let found { chosen.append((sequence, found)) }
            case .failure(let question): return .question(question)
            }
        }
        guard !chosen.isEmpty else {
            return .question(
                Question(
                    subject: .series(task == .lymphNode ? .t2 : .t1),
                    text: "No series of the folder is recognized. Which one is meant?",
                    choices: volumes.map(Self.name), descriptions: volumes.map(Self.facts),
                    flag: "--series SEQUENCE=PATH"))
        }
        study.series = chosen.map { sequence, found in
            SubmittedSeries(
                sequence: sequence, location: location(found.path), seriesInstanceUID: found.seriesInstanceUID)
        }
        if let question = addRegions(to: &study, answers) { return .question(question) }
        let used = Set(chosen.map { Self.name($0.1) })
        return .study(study, leftOut: survey.series.filter { !used.contains(Self.name($0)) }.map(Self.describe))
    }

    private func addRegions(to study: inout StudySubmitted, _ answers: Answers) -> Question? {
        let contours = survey.contours.compactMap(contour)
        if let mask = answers.mask ?? (survey.masks.count == 1 ? survey.masks[0] : nil) {
            study.regions = SubmittedRegions(mask: RegionMask(location: location(mask)))
        } else if study.task == .lymphNode, survey.masks.isEmpty, !contours.isEmpty {
            study.regions = SubmittedRegions(contours: contours)
        } else {
            return Question(
                subject: .mask,
                text: survey.masks.isEmpty
                    ? "No label map with the regions was found. Which file is it?"
                    : "Several files look like label maps. Which one holds the regions?",
                choices: survey.masks.isEmpty
                    ? survey.series.filter { $0.kind == .nifti }.map(\.path) : survey.masks, flag: "--mask")
        }
        return nil
    }

    /// ImageJ names a contour `ssss-yyyy-xxxx`: slice, then center.
    private func contour(_ path: String) -> RegionContour? {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let parts = name.dropLast(4).split(separator: "-")
        guard parts.count >= 3, let slice = Int(parts[0]), slice >= 1 else { return nil }
        return RegionContour(
            id: "roi-\(parts[0])-\(parts[1])-\(parts[2])", series: 0, slice: slice, location: location(path))
    }

    private enum Answer<Value> {
        case success(Value)
        case failure(Question)
    }

    private func studyUID(_ answers: Answers) -> Answer<String> {
        if let uid = answers.studyInstanceUID { return .success(uid) }
        switch survey.studyInstanceUIDs.count {
        case 1: return .success(survey.studyInstanceUIDs[0])
        case 0:
            // NIfTI has no such name: one is made of where the files lie, the same each time (PS3.5, B.2).
            let text = ([prefix] + survey.series.map(\.path)).joined(separator: "\n")
            return .success(Self.derivedUID(of: text))
        default:
            return .failure(
                Question(
                    subject: .study, text: "The folder holds several studies. Which one is meant?",
                    choices: survey.studyInstanceUIDs, flag: "--study-uid"))
        }
    }

    /// `2.25.` and a number of 122 bits of a digest.
    static func derivedUID(of text: String) -> String {
        var digits: [UInt8] = [0]
        for byte in Array(Digest.sha256Hex(Array(text.utf8)).utf8).prefix(30) {
            var carry = byte >= 97 ? Int(byte) - 87 : Int(byte) - 48
            for index in digits.indices {
                let value = Int(digits[index]) * 16 + carry
                digits[index] = UInt8(value % 10)
                carry = value / 10
            }
            while carry > 0 {
                digits.append(UInt8(carry % 10))
                carry /= 10
            }
        }
        while digits.count > 1, digits.last == 0 { digits.removeLast() }
        return "2.25." + digits.reversed().map { String($0) }.joined()
    }

    private func series(
        _ sequence: MRSequence, among all: [FolderSurvey.Series], _ answers: Answers
    ) -> Answer<FolderSurvey.Series?> {
        if let asked = answers.series[sequence] {
            if let found = all.first(where: { $0.seriesInstanceUID == asked || $0.path == asked }) {
                return .success(found)
            }
            return .failure(
                Question(
                    subject: .series(sequence),
                    text: "There is no series '\(asked)'. Which one is \(sequence.rawValue)?",
                    choices: all.map(Self.name), descriptions: all.map(Self.facts),
                    flag: "--series \(sequence.rawValue)=PATH"))
        }
        let taken = Set(answers.series.values)
        let fitting = all.filter { $0.recognized.sequence == sequence && !taken.contains(Self.name($0)) }
        if fitting.count <= 1 { return .success(fitting.first) }
        // Of diffusion the highest b-value is the trace that is wanted.
        if sequence == .dwi {
            let highest = fitting.compactMap(\.recognized.bValue).max()
            let best = fitting.filter { $0.recognized.bValue == highest }
            if best.count == 1 { return .success(best[0]) }
        }
        return .failure(
            Question(
                subject: .series(sequence), text: "Several series are \(sequence.rawValue). Which one is to be used?",
                choices: fitting.map(Self.name), descriptions: fitting.map(Self.facts),
                flag: "--series \(sequence.rawValue)=PATH"))
    }

    /// What `--series` takes: a DICOM series by its UID, a file by its path.
    private static func name(_ series: FolderSurvey.Series) -> String { series.seriesInstanceUID ?? series.path }

    private static func describe(_ series: FolderSurvey.Series) -> String { "\(name(series)) (\(facts(series)))" }

    /// What it was recognized as, and what else tells it from others.
    private static func facts(_ series: FolderSurvey.Series) -> String {
        let kind = series.recognized.sequence?.rawValue ?? series.recognized.other ?? "not recognized"
        let known = series.facts?.text ?? ""
        return known.isEmpty ? kind : "\(kind); \(known)"
    }

    /// `file:` with percent escapes where the path has characters that a URI has not.
    private func location(_ path: String) -> String {
        let whole = [prefix, path].filter { !$0.isEmpty }.joined(separator: "/")
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/+=@,;!$&'()*".utf8)
        let digits = Array("0123456789ABCDEF".utf8)
        let escaped = whole.utf8.flatMap { byte in
            plain.contains(byte)
                ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return "file:" + String(decoding: escaped, as: UTF8.self)
    }
}

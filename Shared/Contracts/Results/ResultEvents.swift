/// `result.final`: every region has its full decision.
package struct ResultFinal: EventPayload, Equatable {
    package static let event = "result.final"
    package var result: StudyResult

    package init(result: StudyResult) { self.result = result }
    package init(from decoder: any Decoder) throws { result = try StudyResult(from: decoder) }
    package func encode(to encoder: any Encoder) throws { try result.encode(to: encoder) }
}

/// `result.partial`: the study ended with something missing.
package struct ResultPartial: EventPayload, Equatable {
    package static let event = "result.partial"
    package var result: StudyResult

    package init(result: StudyResult) { self.result = result }
    package init(from decoder: any Decoder) throws { result = try StudyResult(from: decoder) }
    package func encode(to encoder: any Encoder) throws { try result.encode(to: encoder) }
}

/// `result.amended`: a later word on a study that had its result: a late part, or the study's next revision.
package struct ResultAmended: EventPayload, Equatable {
    package static let event = "result.amended"
    package var result: StudyResult

    package init(result: StudyResult) { self.result = result }
    package init(from decoder: any Decoder) throws { result = try StudyResult(from: decoder) }
    package func encode(to encoder: any Encoder) throws { try result.encode(to: encoder) }
}

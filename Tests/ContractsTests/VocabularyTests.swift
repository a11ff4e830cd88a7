import Contracts
import Testing

/// The words of the code are the words of the schemas.
struct VocabularyTests {
    private func words(_ definition: String) throws -> Set<String> {
        let common = try ContractFiles.schema("common")
        return Set(common["$defs"]?[definition]?["enum"]?.strings ?? [])
    }

    private func words(_ definition: String, _ property: String) throws -> Set<String> {
        let common = try ContractFiles.schema("common")
        return Set(common["$defs"]?[definition]?["properties"]?[property]?["enum"]?.strings ?? [])
    }

    @Test func schemasKnowEveryWordOfTheCodeAndNoOther() throws {
        #expect(try words("reasonCode") == Set(ReasonCode.allCases.map(\.rawValue)))
        #expect(try words("task") == Set(ClinicalTask.allCases.map(\.rawValue)))
        #expect(try words("priority") == Set(Priority.allCases.map(\.rawValue)))
        #expect(try words("stage") == Set(StageName.allCases.map(\.rawValue)))
        #expect(try words("sequence") == Set(MRSequence.allCases.map(\.rawValue)))
        #expect(try words("plane") == Set(Plane.allCases.map(\.rawValue)))
        #expect(try words("missingSequences") == Set(MissingSequencesPolicy.allCases.map(\.rawValue)))
        #expect(try words("box", "frame") == Set(RegionBox.Frame.allCases.map(\.rawValue)))
        #expect(try words("studyResult", "status") == Set(ResultStatus.allCases.map(\.rawValue)))
        #expect(try words("nodeDecision", "node") == Set(ClassifierRole.allCases.map(\.rawValue)))
        #expect(try words("model", "role") == Set(ClassifierRole.allCases.map(\.rawValue)))
        let labels = ClassifierRole.allCases.reduce(into: Set<String>()) { $0.formUnion($1.labels) }
        #expect(try words("nodeDecision", "label") == labels)
        #expect(try words("heatmap", "label") == labels)
        #expect(try words("failure", "class") == ["invalid", "transient", "permanent", "poison"])
    }

    @Test func limitsOfTheSchemaAreThoseOfTheCode() throws {
        let submitted = try ContractFiles.schema("study.submitted.v1")
        let properties = try #require(submitted["properties"])
        #expect(properties["series"]?["maxItems"] == .number(Double(StudySubmitted.seriesLimit)))
        let regions = properties["regions"]?["properties"]
        #expect(regions?["boxes"]?["maxItems"] == .number(Double(StudySubmitted.regionLimit)))
        #expect(regions?["contours"]?["maxItems"] == .number(Double(StudySubmitted.regionLimit)))
    }

    @Test func limitsOfABodyAreThoseOfTheContract() throws {
        #expect(EventCoding.bodyLimit == 1_048_576)
        #expect(EventCoding.depthLimit == 32)
        let submitted = try ContractFiles.schema("study.submitted.v1")
        guard case .string(let description)? = submitted["description"] else {
            Issue.record("study.submitted has no description")
            return
        }
        #expect(description.contains("at most 1 MiB with at most 32 levels of nesting"))
    }

    @Test func disclaimerOfTheSchemaIsThatOfTheCode() throws {
        let common = try ContractFiles.schema("common")
        #expect(common["$defs"]?["disclaimer"]?["const"] == .string(Disclaimer.text))
    }

    @Test func onlyTransientFailuresAreRetryable() {
        for kind in [FailureClass.invalid, .permanent, .poison] {
            #expect(!Failure(.internalError, kind, "a: b").retryable)
        }
        #expect(Failure(.storeUnavailable, .transient, "a: b").retryable)
    }

    @Test func sequencesAreOrderedAsTheyAreListed() {
        #expect(MRSequence.allCases.shuffled().sorted() == MRSequence.allCases)
    }
}

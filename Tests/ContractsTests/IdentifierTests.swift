import Contracts
import Testing

/// Ids are functions of what they name. The known values are those of Python 3.11: `uuid.uuid5(NS, name)` with
/// `NS = uuid.uuid5(uuid.NAMESPACE_DNS, "oncorelay.org")`.
struct IdentifierTests {
    @Test func eventIDsAreThoseOfPython() {
        let run = "2c1be710-46ce-5418-8351-535cbac739d2"
        #expect(EventID.make(run: run, event: "study.ingested") == "5b5a81f0-70b3-5703-9809-16c155ae415f")
        #expect(
            EventID.make(run: run, event: "region.classified", region: "lesion-1")
                == "3bd7a7a9-622d-57c3-9b97-dafe4065ed43")
        #expect(
            EventID.make(run: run, event: "result.progress", discriminator: "brain-metastasis.1")
                == "e5d63c76-abad-5e9f-90ee-60afc0a54255")
    }

    @Test func runIDIsThatOfPython() {
        let content = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
        #expect(
            EventID.run(studyInstanceUID: "1.2.840.10008", task: .brainMetastasis, contentSHA256: content)
                == "2c4ae643-09da-51de-8e25-e5fa6e26cca0")
    }

    @Test func bodyIDIsThatOfPython() {
        #expect(EventID.ofBody(Array("{}".utf8)) == "756a27fc-c6ff-5bd5-84d8-d3c1fa2f5036")
        #expect(EventID.ofBody([]) == "e48b9fe2-ce09-5bca-8b2c-c9e31c32914e")
    }

    @Test func everyPartOfAnEventCountsInItsID() {
        let ids = [
            EventID.make(run: "r", event: "e"), EventID.make(run: "r", event: "f"), EventID.make(run: "s", event: "e"),
            EventID.make(run: "r", event: "e", region: "1"), EventID.make(run: "r", event: "e", region: "2"),
            EventID.make(run: "r", event: "e", discriminator: "1"),
            EventID.make(run: "r", event: "e", region: "1", discriminator: "1"),
        ]
        #expect(Set(ids).count == ids.count)
    }

    @Test func runIsAnotherForAnotherStudyTaskOrContent() {
        let runs = [
            EventID.run(studyInstanceUID: "1.2", task: .lymphNode, contentSHA256: "a"),
            EventID.run(studyInstanceUID: "1.3", task: .lymphNode, contentSHA256: "a"),
            EventID.run(studyInstanceUID: "1.2", task: .brainMetastasis, contentSHA256: "a"),
            EventID.run(studyInstanceUID: "1.2", task: .lymphNode, contentSHA256: "b"),
        ]
        #expect(Set(runs).count == runs.count)
    }
}

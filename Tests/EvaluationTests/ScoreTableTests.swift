import Contracts
import Datasets
import Evaluation
import Testing

struct ScoreTableTests {
    @Test func whatIsWrittenIsReadAsItWas() throws {
        var material = Cohorts.brain(patients: 8, systems: [("a, \"b\"", 0.2), ("c", 0.4)])
        material.splitUnit = nil
        let read = try ScoreTable.read(ScoreTable.text(material), task: nil, path: "scores.csv")
        #expect(read.cases == material.cases)
        #expect(read.systems == material.systems)
        #expect(read.task == .brainMetastasis)
    }

    @Test func nodesNeedNeitherTaskNorGroup() throws {
        let text = "example,patient,cohort,outcome,score\nx,p,testing,positive,0.75\ny,p,testing,negative,0.25\n"
        let material = try ScoreTable.read(text, task: nil, path: "scores.csv")
        #expect(material.task == .lymphNode)
        #expect(material.systems.map(\.role) == [.nodeStatus])
        #expect(material.cases.map(\.group) == ["x", "y"])
    }

    @Test func everyWrongRowIsNamedAtOnce() throws {
        let text = """
            example,patient,cohort,outcome,task,label,score
            a,p,testing,SCLC,lung-vs-non-lung,1,1.5
            b,p,nowhere,SCLC,lung-vs-non-lung,1,0.5
            c,p,testing,ovarian,lung-vs-non-lung,1,0.5
            d,p,testing,SCLC,which,1,0.5
            e,p,testing,SCLC,lung-vs-non-lung,0,0.5
            f,,testing,SCLC,lung-vs-non-lung,1,nan
            """
        let error = #expect(throws: EvaluationProblems.self) {
            try ScoreTable.read(text, task: .brainMetastasis, path: "s.csv")
        }
        let problems = try #require(error).problems
        #expect(problems.count == 7)
        for (line, word) in [
            (2, "from 0 to 1"), (3, "independent"), (4, "SCLC, NSCLC, BC, GIC"), (5, "bc-vs-gic"), (6, "is 1 for"),
            (7, "expected a name"), (7, "'nan'"),
        ] {
            #expect(problems.contains { $0.contains("line \(line),") && $0.contains(word) }, "\(line) \(word)")
        }
    }

    @Test func rowsThatContradictEachOtherAreRefused() throws {
        let text = """
            example,patient,cohort,outcome,score
            x,p,testing,positive,0.75
            x,q,testing,positive,0.75
            y,p,testing,negative,0.25
            y,p,testing,negative,0.5
            """
        let error = #expect(throws: EvaluationProblems.self) { try ScoreTable.read(text, task: nil, path: "s.csv") }
        let problems = try #require(error).problems
        #expect(problems.count == 2)
        #expect(problems[0].contains("line 3") && problems[0].contains("something else of 'x'"))
        #expect(problems[1].contains("line 5") && problems[1].contains("two scores of 'y'"))
    }

    @Test(arguments: [
        ("example,patient\na,b\n", "'cohort' is missing"),
        ("example,patient,cohort,outcome,score,colour\na,b,testing,positive,1,red\n", "'colour' is not known"),
        ("example,patient,cohort,outcome,score\n", "found none"),
        ("example,patient,cohort,outcome,score\na,b,testing,maybe,1\n", "outcomes are neither"),
    ])
    func tablesOfAnotherFormAreRefused(_ text: String, _ reason: String) throws {
        let error = #expect(throws: EvaluationProblems.self) { try ScoreTable.read(text, task: nil, path: "s.csv") }
        #expect(try #require(error).description.contains(reason))
    }

    @Test func callsOfUnknownExamplesAndWordsAreRefused() throws {
        let material = EvaluationMaterial(
            task: .lymphNode, cases: Cohorts.nodes(positives: 1, negatives: 1), systems: [])
        let text = "example,reader,condition,call\nn0,R2,with SA,positive\nn9,R2,with SA,positive\nn1,R2,with SA,BC\n"
        let error = #expect(throws: EvaluationProblems.self) { try CallTable.read(text, of: material, path: "c.csv") }
        #expect(try #require(error).problems.count == 2)
        let good = try CallTable.read("example,reader,call\nn0,R2,positive\nn1,R2,negative\n", of: material, path: "c")
        #expect(good == [Reading(reader: "R2", condition: "", calls: ["n0": "positive", "n1": "negative"])])
    }
}

import Statistics
import Testing

struct DelimitedTableTests {
    @Test func commasTabsQuotesAndLineEndsAreRead() throws {
        let table = try DelimitedTable(
            "\u{FEFF}label,score,\"who, when\"\r\n1, 0.5 ,\"a \"\"b\"\"\r\nc\"\r\n\r\n0,0.25,d\n")
        #expect(table.header == ["label", "score", "who, when"])
        #expect(try table.labels("label") == [true, false])
        #expect(try table.numbers("score") == [0.5, 0.25])
        #expect(try table.texts("who, when") == ["a \"b\"\r\nc", "d"])
        #expect(try DelimitedTable("a\tb\n1\t2").texts("b") == ["2"])
    }

    @Test(arguments: [
        ("", "expected a header line"), ("a,a\n1,2", "stands twice"), ("a,b\n1", "expected 2 values, found 1"),
        ("a\n\"x", "never closed"),
    ])
    func damagedTablesAreRefusedWithTheirPlace(_ text: String, _ reason: String) {
        let problem = #expect(throws: TableProblem.self) { try DelimitedTable(text) }
        #expect(problem?.description.contains(reason) == true)
    }

    @Test func wrongCellsAreNamedByLineAndColumn() throws {
        let table = try DelimitedTable("label,score\n1,0.5\nyes,nan\n")
        #expect(throws: TableProblem(line: 3, column: "label", reason: "expected 0 or 1")) { try table.labels("label") }
        #expect(throws: TableProblem(line: 3, column: "score", reason: "expected a finite number")) {
            try table.numbers("score")
        }
        #expect(throws: TableProblem.self) { try table.numbers("absent") }
    }
}

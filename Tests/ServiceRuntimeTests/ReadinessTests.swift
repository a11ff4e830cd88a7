import ServiceRuntime
import Testing

@Suite struct ReadinessTests {
    @Test func namesTheDependencyThatIsMissing() async {
        let readiness = Readiness()
        #expect(await readiness.current().isEmpty)
        readiness.set("topology", problem: "queue 'x' does not exist")
        readiness.ask { ["store": "connection refused"] }
        #expect(await readiness.current() == ["topology": "queue 'x' does not exist", "store": "connection refused"])
        readiness.clear("topology")
        #expect(await readiness.current().keys.sorted() == ["store"])
    }
}

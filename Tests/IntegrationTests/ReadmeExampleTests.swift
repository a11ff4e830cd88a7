import Contracts
import Foundation
import Glibc
import Messaging
import ServiceRuntime
import TestSupport
import Testing

/// What the README says is what the programs do.
@Suite struct ReadmeTests {
    private let readme: String

    init() throws { readme = try Self.page("README.md") }

    private static func page(_ path: String) throws -> String {
        try String(contentsOf: PythonTools.repository.appending(path: path), encoding: .utf8)
    }

    @Test(arguments: ["publish.py", "subscribe.py"])
    func readmeShowsTheExampleAsItIs(name: String) throws {
        let code = try Self.page("ops/examples/\(name)")
        #expect(readme.contains("```python\n\(code)```\n"), "README.md shows another text than ops/examples/\(name)")
    }

    @Test func readmeTellsOfEverySettingWhatHelpTells() {
        for key in SettingsKey.all {
            let row = "| `\(key.flag)` | `\(key.environmentName)` | \(key.summary) | \(key.defaultText) |"
            #expect(readme.contains(row + "\n"), "README.md has no line: \(row)")
        }
    }

    @Test func readmeTellsWhatToDoForEveryReasonCode() throws {
        let table = try #require(readme.range(of: "| Code | Class | "))
        let rows = readme[table.lowerBound...].prefix { $0 != "#" }
        for code in ReasonCode.allCases {
            let mentions = rows.components(separatedBy: "`\(code.rawValue)`").count - 1
            #expect(mentions >= 1, "README.md does not say what to do for \(code.rawValue)")
        }
    }

    @Test(arguments: ["README.md", "ops/README.md", "ops/adding-a-classifier.md"])
    func linksLeadToFilesThatAreThere(page: String) throws {
        let text = try Self.page(page)
        let folder = PythonTools.repository.appending(path: page).deletingLastPathComponent()
        let links = text.matches(of: /\]\(([^)#:]+)(#[^)]*)?\)|src="([^":]+)"/).compactMap { $0.1 ?? $0.3 }
        #expect(!links.isEmpty)
        for link in links {
            let target = folder.appending(path: String(link)).path
            #expect(FileManager.default.fileExists(atPath: target), "\(page): nothing is at \(link)")
        }
    }
}

/// The README's publisher and subscriber, against running services.
@Suite(.serialized, .enabled(if: Site.isPossible, Comment(rawValue: Site.reason)))
struct ReadmeExampleTests {
    @Test(.enabled(if: PythonTools.hasPika, Comment(rawValue: PythonTools.reason)))
    func pythonPublishesAStudyAndPythonPrintsItsResult() async throws {
        let site = try await Site()
        let client = try await SiteClient(site)
        let study = site.folder.appending(path: "study.json")
        try Data(EventCoding.encode(StudyFactory(site).study(1))).write(to: study)

        let printed = site.folder.appending(path: "printed.txt")
        let environment = ["ONCORELAY_AMQP_URL": site.rabbit.url]
        let complaints = site.folder.appending(path: "subscribe.log")
        let subscriber = try ChildProcess(
            PythonTools.python, [Self.example("subscribe.py")], environment: environment, output: printed.path,
            errors: complaints.path)
        let isListening = try await client.wait(seconds: 60) { try await Self.hasConsumer(site) }
        try #require(isListening, "the subscriber never listened: \(Self.text(complaints))")
        try Tool.run(PythonTools.python, [Self.example("publish.py"), study.path], environment: environment)

        let ending = "\(ResultFinal.eventType) "
        #expect(await client.wait(seconds: 60) { Self.text(printed).contains(ending) })
        // It prints what another subscriber was told.
        #expect(await client.wait(seconds: 60) { !client.journal.outcomes(of: "1.2.3.1").isEmpty })
        let outcome = try #require(client.journal.outcomes(of: "1.2.3.1").first)
        let lines = Self.text(printed).split(separator: "\n")
        #expect(lines.contains { $0 == "\(outcome.type) \(outcome.finding)" }, "\(lines)")
        #expect(lines.contains { $0.hasPrefix(ResultAccepted.eventType) })
        #expect(subscriber.isRunning)
        subscriber.send(SIGTERM)
        subscriber.wait()

        // The queue fills while nobody listens; with a count the subscriber ends by itself. The address may be an argument.
        try Tool.run(PythonTools.python, [Self.example("publish.py"), study.path, site.rabbit.url])
        let once = site.folder.appending(path: "once.txt")
        let counted = try ChildProcess(
            PythonTools.python, [Self.example("subscribe.py"), "1", site.rabbit.url], output: once.path)
        #expect(await client.wait(seconds: 60) { !counted.isRunning })
        #expect(!counted.isRunning && counted.wait() == 0)
        #expect(Self.text(once).split(separator: "\n").count == 1)
        await client.close()
        await site.close()
    }

    private static func example(_ name: String) -> String {
        PythonTools.repository.appending(path: "ops/examples/\(name)").path
    }

    private static func text(_ file: URL) -> String { (try? String(contentsOf: file, encoding: .utf8)) ?? "" }

    private static func hasConsumer(_ site: Site) async throws -> Bool {
        let administrator = try await site.broker.makeAdministrator()
        let status = try await administrator.queueStatus(["subscriber.example"])
        await administrator.close()
        return status.contains { $0.consumers > 0 }
    }
}

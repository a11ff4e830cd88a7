import Contracts
import Messaging
import ServiceRuntime
import Testing

@Suite struct SettingsTests {
    private func settings(_ arguments: [String] = [], _ environment: [String: String] = [:]) async throws
        -> ServiceSettings
    {
        let reader = try await SettingsSources.reader(arguments: ["oncorelay"] + arguments, environment: environment)
        return try ServiceSettings(reader, stage: .ingestion)
    }

    @Test func flagsWinOverTheEnvironment() async throws {
        let environment = ["ONCORELAY_HTTP_PORT": "8081", "ONCORELAY_CONCURRENCY": "3"]
        let settings = try await settings(["--http-port", "8082"], environment)
        #expect(settings.httpPort == 8082)
        #expect(settings.runner.concurrency == 3)
        #expect(settings.runner.prefetch == 6)
    }

    @Test func defaultsHoldWhereNothingIsSaid() async throws {
        let settings = try await settings()
        #expect(settings.broker.host == "localhost")
        #expect(settings.httpPort == 0)
        #expect(settings.heatmaps == "heatmaps")
        #expect(settings.models == nil)
    }

    @Test func rootsAreAListOfFolders() async throws {
        let settings = try await settings([], ["ONCORELAY_ROOTS": "/data/a:/data/b"])
        #expect(settings.roots == ["/data/a", "/data/b"])
    }

    @Test(arguments: [
        (["--http-port", "99999"], "http.port"), (["--log-level", "loud"], "log.level"),
        (["--branches", "none"], "branches"), (["--gradcam", "perhaps"], "gradcam"),
    ])
    func aWrongValueIsAnErrorThatNamesTheKey(arguments: [String], key: String) async throws {
        let error = await #expect(throws: SettingsError.self) { try await settings(arguments) }
        #expect(error?.key == key)
    }

    @Test func aMisspeltFlagIsAnError() async throws {
        await #expect(throws: SettingsError.self) { try await settings(["--amqp-ulr", "amqp://x"]) }
    }

    @Test func passwordsAreNotInDescriptions() async throws {
        let settings = try await settings([], ["ONCORELAY_AMQP_URL": "amqp://user:verysecret@host/"])
        #expect(!"\(settings.broker)".contains("verysecret"))
        #expect(!String(reflecting: settings.broker).contains("verysecret"))
    }

    @Test func everyKeyIsInTheHelp() {
        let help = SettingsKey.help()
        for key in SettingsKey.all {
            #expect(help.contains(key.flag))
            #expect(help.contains(key.environmentName))
        }
    }

    @Test(arguments: ["nowhere:crash", "before-process:dance", "before-process"])
    func anUnknownFaultIsAnError(text: String) {
        #expect(throws: SettingsError.self) { try FaultInjection(text) }
    }
}

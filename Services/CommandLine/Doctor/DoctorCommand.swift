import ArgumentParser
import Imaging
import Messaging
import ServiceRuntime
import TensorStore

/// `oncorelay doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what is wrong on this machine, and how to mend it.",
        discussion: """
            Looks at processor, libraries, DICOM programs, memory, limits, disk, broker, topology, store, roots, models, ledger and \
            port, by the same settings that the services read. With --json prints {"ok", "checks": [{"name", \
            "status": "ok" | "warn" | "fail", "detail", "remedy"}]}.
            Exit codes: 0 nothing fails (there may be warnings), 1 something does, 64 wrong use.
            """)

    @Flag(help: "JSON in place of the list.")
    var json = false

    @Option(help: ArgumentHelp(SettingsKey.roots.optionSummary))
    var roots: String?

    @Option(help: ArgumentHelp(SettingsKey.models.optionSummary))
    var models: String?

    @Option(help: ArgumentHelp(SettingsKey.ledger.optionSummary))
    var ledger: String?

    @Option(help: ArgumentHelp(SettingsKey.httpPort.optionSummary))
    var httpPort: String?

    @Option(help: ArgumentHelp(ManagementAPI.optionSummary))
    var managementURL: String?

    @OptionGroup var broker: BrokerOptions
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let command = self
        let report = try await Interruption.cancels { await command.examine(SettingValues()) }
        if json {
            try Console.standard.json(report)
        } else {
            for line in report.lines(for: .standardOutput) { Console.standard.line(line) }
        }
        try report.status.end()
    }

    /// All checks; a setting that cannot be used is a finding, not an end.
    func examine(_ values: SettingValues) async -> DoctorReport {
        let ledgerPath = values.given(.ledger, option: ledger) ?? SettingsKey.ledger.defaultText
        var checks = [
            MachineChecks.processor(), MachineChecks.libraries(), MachineChecks.imagePrograms(DICOMReader.programs),
            MachineChecks.memory(), MachineChecks.openFiles(),
            MachineChecks.disk(folder: FileChecks.folder(of: ledgerPath)),
        ]
        checks += await brokerChecks(values)
        checks.append(await storeCheck(values))
        checks += FileChecks.roots(values.given(.roots, option: roots))
        checks += FileChecks.models(values.given(.models, option: models))
        checks.append(FileChecks.ledger(ledgerPath))
        let host = values.given(.httpHost, option: nil) ?? SettingsKey.httpHost.defaultText
        if let port = ServerChecks.port(values.given(.httpPort, option: httpPort), host: host) { checks.append(port) }
        return DoctorReport(checks)
    }

    private func brokerChecks(_ values: SettingValues) async -> [Diagnosis] {
        do {
            let configuration = try broker.configuration(values)
            let api = try ManagementAPI(option: managementURL, values, configuration)
            var version: (@Sendable () async throws -> String)?
            if let api { version = { try await api.version() } }
            return await ServerChecks.broker(try RabbitMQBroker(configuration), version: version)
        } catch {
            return [.fail("broker", CommandFailure(error)?.message ?? "\(error)", remedy: "correct the setting")]
        }
    }

    private func storeCheck(_ values: SettingValues) async -> Diagnosis {
        do {
            let store = try store.makeStore(values)
            let diagnosis = await ServerChecks.store(store)
            await store.close()
            return diagnosis
        } catch {
            return .fail("store", CommandFailure(error)?.message ?? "\(error)", remedy: "correct the setting")
        }
    }
}

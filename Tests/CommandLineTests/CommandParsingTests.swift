import Classifiers
import ArgumentParser
import Contracts
import Messaging
import NeuralNetwork
import ServiceRuntime
import TensorStore
import Testing

@testable import oncorelay

@Suite struct CommandParsingTests {
    @Test func publishReadsItsOptions() throws {
        let command = try #require(
            try OncoRelayCommand.parseAsRoot([
                "publish", "study.json", "--wait", "2.5", "--table", "--priority", "urgent", "--site", "north",
                "--amqp-url", "amqp://broker",
            ]) as? PublishCommand)
        #expect(command.study == "study.json")
        #expect(command.wait == 2.5)
        #expect(command.table)
        #expect(command.priority == .urgent)
        #expect(command.site == "north")
        #expect(command.broker.amqpURL == "amqp://broker")
    }

    @Test func deadLetterCommandsReadTheirSelection() throws {
        let replay = try #require(
            try OncoRelayCommand.parseAsRoot(["dead-letters", "replay", "a", "b", "--dry-run", "--stage", "lymph-node"])
                as? DeadLettersReplayCommand)
        #expect(replay.chosen.selection == ParkedSelection(messageIDs: ["a", "b"], limit: nil))
        #expect(replay.parking.stage == .stage(.lymphNode))
        #expect(replay.dryRun)
        let drop = try #require(
            try OncoRelayCommand.parseAsRoot([
                "dead-letters", "drop", "--all", "--yes", "--stage", "unrouted", "--limit", "3",
            ]) as? DeadLettersDropCommand)
        #expect(drop.chosen.selection == ParkedSelection(messageIDs: nil, limit: 3))
        #expect(drop.parking.stage == .unrouted)
    }

    @Test func watchStatusTopologyAndDoctorReadTheirs() throws {
        let watch = try #require(
            try OncoRelayCommand.parseAsRoot(["watch", "--filter", "result.final.#", "--count", "2"]) as? WatchCommand)
        #expect(watch.filter == "result.final.#")
        #expect(watch.count == 2)
        #expect(try (OncoRelayCommand.parseAsRoot(["watch"]) as? WatchCommand)?.filter == "result.#")
        let status = try #require(
            try OncoRelayCommand.parseAsRoot(["status", "--json", "--ledger", "l", "--management-url", "http://h"])
                as? StatusCommand)
        #expect(status.json && !status.watch && status.ledger == "l" && status.managementURL == "http://h")
        let export = try OncoRelayCommand.parseAsRoot(["topology", "export", "--format", "definitions"])
        #expect((export as? TopologyExportCommand)?.format == .definitions)
        let doctor = try OncoRelayCommand.parseAsRoot(["doctor", "--json", "--redis-url", "unix:///r"])
        #expect((doctor as? DoctorCommand)?.store.redisURL == "unix:///r")
    }

    @Test(arguments: [
        ["publish"], ["publish", "s.json", "--wait", "0"], ["publish", "s.json", "--wait", "nan"],
        ["publish", "s.json", "--table"], ["publish", "s.json", "--priority", "soon"], ["watch", "--count", "0"],
        ["watch", "--filter", ""], ["dead-letters", "replay"], ["dead-letters", "replay", "a", "--all"],
        ["dead-letters", "replay", "--all", "--limit", "0"], ["dead-letters", "drop", "a"],
        ["dead-letters", "list", "--stage", "imaging"], ["dead-letters", "list", "--limit", "0"], ["nonsense"],
        ["topology", "export", "--format", "yaml"], ["model", "run", "dir", "--input", "a"],
        ["model", "run", "dir", "--input", "a", "--output", "b", "--layer", "layer2"],
        ["model", "run", "dir", "--input", "a", "--output", "b", "--precision", "fp8"],
        ["model", "run", "dir", "--input", "a", "--output", "b", "--backend", "openblas", "--precision", "bf16"],
        ["model", "bench", "dir", "--batch", "0"], ["model", "bench", "dir", "--size", "64,x,64"],
        ["model", "bench", "dir", "--threads", "0"], ["model", "import", "c"],
        ["model", "import", "c", "--out", "d", "--replace-head", "0"],
        ["model", "import", "c", "--out", "d", "--architecture", "vgg"], ["classify", "s", "--precision", "fp8"],
        ["model", "calibrate", "dir"], ["model", "calibrate", "dir", "--scores", "s", "--coverage", "1"],
        ["model", "calibrate", "dir", "--scores", "s", "--abstain", "file-missing"],
        ["model", "calibrate", "dir", "--scores", "s", "--abstain", "low-confidence"],
        ["model", "calibrate", "dir", "--scores", "s", "--method", "isotonic"],
    ])
    func wrongUseIsToldInOneLineWithExitCode64(arguments: [String]) throws {
        let error = #expect(throws: (any Error).self) { try OncoRelayCommand.parseAsRoot(arguments) }
        let end = CommandEnd.describe(try #require(error))
        #expect(end.code == 64)
        #expect(!end.isHelp)
        #expect(end.text.hasPrefix("oncorelay: "))
        #expect(!end.text.contains("\n"))
    }

    @Test(arguments: [
        [], ["publish"], ["watch"], ["topology"], ["dead-letters", "replay"], ["status"], ["doctor"], ["model"],
        ["model", "inspect"], ["model", "run"], ["model", "bench"], ["model", "import"],
    ])
    func helpNamesPurposeAndExitCodes(path: [String]) throws {
        var command = try OncoRelayCommand.parseAsRoot(path + ["--help"])
        let error = #expect(throws: (any Error).self) { try command.run() }
        let end = CommandEnd.describe(try #require(error))
        #expect(end.isHelp)
        #expect(end.code == 0)
        #expect(end.text.contains("Exit codes:"))
        if path.isEmpty { #expect(end.text.contains("Research use only.")) }
    }

    @Test func modelCommandsReadTheirs() throws {
        let run = try #require(
            try OncoRelayCommand.parseAsRoot([
                "model", "run", "dir", "--input", "a", "--output", "b", "--precision", "bf16", "--backend", "onednn",
                "--grad-cam", "lung", "--layer", "layer3",
            ]) as? ModelRunCommand)
        #expect(run.gradCam == "lung" && run.layer == "layer3")
        #expect(run.compute.settings(precision: .float32).precision == .bfloat16)
        #expect(run.compute.backend == .oneDNN)
        let bench = try #require(
            try OncoRelayCommand.parseAsRoot([
                "model", "bench", "dir", "--batch", "8", "--size", "64,32,16", "--repeat", "3", "--threads", "2",
            ]) as? ModelBenchCommand)
        #expect(bench.batch == 8 && bench.size?.values == [64, 32, 16] && bench.repeats == 3)
        #expect(bench.compute.settings(precision: .automatic) == ComputeSettings(threads: 2))
        #expect(ModelBenchCommand.median([3, 1, 2]) == 2 && ModelBenchCommand.median([4, 1, 2, 3]) == 2.5)
        let taken = try #require(
            try OncoRelayCommand.parseAsRoot([
                "model", "import", "c", "--out", "d", "--architecture", "medicalnet-resnet18", "--stem-stride", "1,1,1",
                "--labels", "a, b", "--ignore", "x", "--ignore", "y",
            ]) as? ModelImportCommand)
        #expect(taken.architecture == .medicalNet && taken.structure.settings.stemStride == [1, 1, 1])
        #expect(try taken.description.description.labels == ["a", "b"])
        #expect(taken.ignore == ["x", "y"])
        let calibrate = try #require(
            try OncoRelayCommand.parseAsRoot([
                "model", "calibrate", "dir", "--scores", "s.csv", "--method", "platt", "--coverage", "0.8", "--abstain",
                "out-of-distribution,low-confidence", "--margin", "0.1",
            ]) as? ModelCalibrateCommand)
        #expect(calibrate.method == .platt && calibrate.coverage == 0.8 && calibrate.margin == 0.1)
    }

    @Test func optionWinsOverVariableAndVariableOverDefault() throws {
        let values = SettingValues(environment: [
            "ONCORELAY_AMQP_URL": "amqp://u:p@variable:1234/v", "ONCORELAY_REDIS_URL": "redis://r:7777/3",
            "ONCORELAY_LEDGER": "",
        ])
        #expect(try BrokerOptions.parse([]).configuration(values).host == "variable")
        #expect(try BrokerOptions.parse(["--amqp-url", "amqp://option"]).configuration(values).host == "option")
        #expect(try BrokerOptions.parse([]).configuration(SettingValues(environment: [:])).host == "localhost")
        #expect(try StoreOptions.parse([]).configuration(values).address.database == 3)
        #expect(values.given(.ledger, option: nil) == nil)
        #expect(values.given(.ledger, option: "x") == "x")
    }

    @Test func settingThatCannotBeUsedIsNamedWithoutItsSecret() throws {
        let values = SettingValues(environment: ["ONCORELAY_AMQP_URL": "http://me:secret@host"])
        let error = #expect(throws: (any Error).self) { try BrokerOptions.parse([]).configuration(values) }
        let end = CommandEnd.describe(try #require(error))
        #expect(end.code == 64)
        #expect(end.text.contains("ONCORELAY_AMQP_URL"))
        #expect(!end.text.contains("secret"))
    }

    @Test(arguments: [
        (BrokerError.unreachable("refused"), Int32(69)), (.accessRefused("user"), 69), (.missing("queue"), 69),
        (.invalidConfiguration("host"), 64),
    ])
    func brokersErrorsHaveTheirExitCodes(error: BrokerError, code: Int32) {
        let end = CommandEnd.describe(error)
        #expect(end.code == code)
        #expect(end.text.hasPrefix("oncorelay: "))
    }

    @Test func otherErrorsHaveTheirExitCodes() {
        #expect(CommandEnd.describe(CancellationError()).code == 130)
        #expect(CommandEnd.describe(TensorStoreError.unavailable(reason: "gone")).code == 69)
        #expect(CommandEnd.describe(TensorStoreError.invalidArgument(reason: "url")).code == 64)
        #expect(CommandEnd.describe(Failure(.noSeries, .invalid, "series: none")).code == 65)
        #expect(CommandEnd.describe(ExitCode(5)) == .init(text: "", isHelp: false, code: 5))
    }

    @Test func everyCommandSaysWhatItIsFor() {
        for command in OncoRelayCommand.configuration.subcommands {
            #expect(!command.configuration.abstract.isEmpty, "\(command)")
        }
    }
}

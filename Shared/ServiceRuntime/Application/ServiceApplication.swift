import Contracts
package import Logging
package import Messaging
package import ServiceLifecycle
package import TensorStore
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a stage is built from.
package struct StageEnvironment: Sendable {
    package let settings: ServiceSettings
    package let broker: any Broker
    package let store: any TensorStore
    package let metrics: MetricsRegistry
    package let readiness: Readiness
    package let logger: Logger

    /// Logs a sentence that a person should read. It must name no patient, file or study.
    package var warn: @Sendable (String) -> Void {
        { [logger] reason in logger.warning("look at this", metadata: [LogKeys.reason: .string(reason)]) }
    }
}

/// A stage with what runs beside it for as long as it lives.
package struct AssembledStage<Work: Stage>: Sendable {
    package let stage: Work
    package let companions: [any Service]

    package init(_ stage: Work, companions: [any Service] = []) {
        self.stage = stage
        self.companions = companions
    }
}

/// The life of a service's process: settings, log, connections, health, stage, drain.
package enum ServiceApplication {
    /// Runs a service until SIGTERM or SIGINT, and then until what it has in hand is finished.
    ///
    /// Exit codes: 0 drained, 64 a setting cannot be used, 70 it ended by an error.
    package static func main<Work: Stage>(
        _ build: @escaping @Sendable (StageEnvironment) async throws -> AssembledStage<Work>
    ) async -> Never {
        // A write to a closed socket shall be an error, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let arguments = CommandLine.arguments
        if arguments.contains("--help") || arguments.contains("-h") {
            print(help(Work.name))
            exit(0)
        }
        do {
            let reader = try await SettingsSources.reader(
                arguments: arguments, environment: ProcessInfo.processInfo.environment)
            let settings = try ServiceSettings(reader, stage: Work.name)
            LoggingSystem.bootstrap { JSONLogHandler(label: $0, level: settings.logLevel) }
            try await run(settings, build)
            exit(0)
        } catch let error as SettingsError {
            fail("\(error)", 64)
        } catch let error as BrokerError {
            fail("\(error)", 64)
        } catch let error as TensorStoreError {
            fail("\(error)", 64)
        } catch {
            fail("\((error as? any FailureConvertible)?.failure.message ?? "\(error)")", 70)
        }
    }

    private static func run<Work: Stage>(
        _ settings: ServiceSettings, _ build: @Sendable (StageEnvironment) async throws -> AssembledStage<Work>
    ) async throws {
        let logger = Logger(label: "oncorelay-\(Work.name.rawValue)")
        let metrics = MetricsRegistry()
        let readiness = Readiness()
        let broker = try RabbitMQBroker(settings.broker)
        let store = try RedisTensorStore(settings.store)
        let environment = StageEnvironment(
            settings: settings, broker: broker, store: store, metrics: metrics, readiness: readiness, logger: logger)
        let assembled = try await build(environment)
        let runner = StageRunner(
            stage: assembled.stage, broker: broker, configuration: settings.runner, readiness: readiness,
            metrics: metrics, logger: logger)
        readiness.ask { [stage = assembled.stage] in await stage.missingDependencies() }
        readiness.askNotices { [stage = assembled.stage] in await stage.notices() }
        readiness.ask { broker.state.problem.map { ["broker": $0] } ?? [:] }
        readiness.ask { StoreMonitor.problem(of: store).map { ["store": $0] } ?? [:] }
        var services: [any Service] = []
        if settings.httpPort != 0 {
            services.append(
                HealthServer(
                    host: settings.httpHost, port: settings.httpPort, readiness: readiness, metrics: metrics,
                    logger: logger
                ) {
                    metrics.set(MetricNames.brokerConnected, to: broker.state.problem == nil ? 1 : 0)
                    metrics.set(MetricNames.storeConnected, to: StoreMonitor.problem(of: store) == nil ? 1 : 0)
                    metrics.set(MetricNames.resident, to: Double(ProcessMemory.residentBytes))
                })
        }
        // Shut down in reverse: first the runner drains, then what it leans on ends.
        services.append(StoreMonitor(store: store))
        services += assembled.companions
        services.append(runner)
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet(logger))
        configuration.maximumGracefulShutdownDuration = settings.drainTimeout
        try await ServiceGroup(configuration: configuration).run()
        await store.close()
    }

    /// The group's own lines are of interest only when something is wrong.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }

    private static func help(_ stage: StageName) -> String {
        """
        oncorelay-\(stage.rawValue): the \(stage.rawValue) stage of OncoRelay. \(Disclaimer.text)

        Consumes \(QueueName.work(stage).joined(separator: " and ")) until SIGTERM or SIGINT, then finishes what it
        has in hand and leaves. Logs are JSON lines on standard error.

        Settings, as flag and as environment variable; a flag wins over the environment, that over the file:
        \(SettingsKey.help())

        Exit codes: 0 drained, 64 a setting cannot be used, 70 ended by an error.
        """
    }

    private static func fail(_ message: String, _ code: Int32) -> Never {
        let line = Array("oncorelay: \(message)\n".utf8)
        _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
        exit(code)
    }
}

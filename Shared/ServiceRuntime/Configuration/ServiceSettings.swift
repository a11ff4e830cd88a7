package import Configuration
package import Contracts
package import Logging
package import Messaging
package import TensorStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a service is told from outside, read once at its start.
package struct ServiceSettings: Sendable {
    package var broker: BrokerConfiguration
    package var store: RedisConfiguration
    package var roots: [String]
    package var models: String?
    package var ledger: String
    package var heatmaps: String?
    package var httpPort: Int
    package var httpHost: String
    package var threads: Int
    package var precision: NetworkPrecision
    package var logLevel: Logger.Level
    package var runner: RunnerConfiguration
    package var drainTimeout: Duration
    package var tensorLifetime: Duration
    package var gradCAM: Bool
    package var evaluatesBothBranches: Bool
    package var progress: Bool
    /// What preprocessing is told, in the words of the keys: `unusable.images`, `quality`, `criteria`, `readers.rule`.
    package var examination: [String: String]

    /// Reads all keys.
    ///
    /// - Throws: ``SettingsError``, ``BrokerError`` or ``TensorStoreError`` naming the key and what was expected.
    package init(_ reader: ConfigReader, stage: StageName) throws {
        let values = SettingsReader(reader: reader)
        broker = try values.broker(connectionName: "oncorelay-\(stage.rawValue)")
        store = try values.store(clientName: "oncorelay-\(stage.rawValue)")
        roots = (values.string(.roots) ?? "").split(separator: ":").map(String.init)
        models = values.string(.models)
        ledger = values.string(.ledger) ?? SettingsKey.ledger.defaultText
        switch values.string(.heatmaps) {
        case nil: heatmaps = Self.folder(of: ledger) + "heatmaps"
        case "none": heatmaps = nil
        case let folder: heatmaps = folder
        }
        httpPort = try values.int(.httpPort, in: 0...65_535) ?? 0
        httpHost = values.string(.httpHost) ?? "127.0.0.1"
        threads = try values.int(.threads, in: 1...1024) ?? ProcessInfo.processInfo.activeProcessorCount
        let arithmetic = values.string(.precision) ?? NetworkPrecision.automatic.rawValue
        guard let precision = NetworkPrecision(rawValue: arithmetic) else {
            throw SettingsError(
                key: SettingsKey.precision.name,
                expected: NetworkPrecision.allCases.map(\.rawValue).joined(separator: ", "), found: arithmetic)
        }
        self.precision = precision
        let level = values.string(.logLevel) ?? "info"
        guard let logLevel = Logger.Level(rawValue: level) else {
            throw SettingsError(
                key: SettingsKey.logLevel.name,
                expected: Logger.Level.allCases.map(\.rawValue).joined(separator: ", "), found: level)
        }
        self.logLevel = logLevel
        let isClassifier = stage == .brainMetastasis || stage == .lymphNode
        let concurrency = try values.int(.concurrency, in: 1...1024) ?? (isClassifier ? 8 : 16)
        runner = RunnerConfiguration(concurrency: concurrency)
        runner.prefetch = try values.int(.prefetch, in: 1...4096) ?? concurrency * 2
        runner.processingTimeout = .seconds(try values.int(.processingTimeout, in: 1...86_400) ?? 300)
        runner.faults = try FaultInjection(values.string(.faults) ?? "")
        drainTimeout = .seconds(try values.int(.drainTimeout, in: 1...86_400) ?? 60)
        tensorLifetime = .seconds(try values.int(.tensorLifetime, in: 1...31_536_000) ?? 86_400)
        gradCAM = try values.bool(.gradCAM) ?? true
        progress = try values.bool(.progress) ?? true
        let branches = values.string(.branches) ?? "both"
        guard branches == "both" || branches == "chosen" else {
            throw SettingsError(key: SettingsKey.branches.name, expected: "both or chosen", found: branches)
        }
        evaluatesBothBranches = branches == "both"
        examination = [:]
        for key in [SettingsKey.unusableImages, .quality, .criteria, .readersRule] {
            examination[key.name] = values.string(key)
        }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return String(path[...slash])
    }
}

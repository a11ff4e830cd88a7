/// One configuration key: how it is spelled, what it means, what holds when it is absent.
///
/// A key `amqp.url` is the environment variable `ONCORELAY_AMQP_URL`, the flag `--amqp-url`, and in a file the
/// member `url` of the object `amqp`. Flags win over the environment, the environment over the file.
package struct SettingsKey: Sendable {
    package let name: String
    package let summary: String
    package let defaultText: String
    /// Secrets never appear in logs.
    package let isSecret: Bool

    init(_ name: String, _ summary: String, default defaultText: String, secret: Bool = false) {
        self.name = name
        self.summary = summary
        self.defaultText = defaultText
        isSecret = secret
    }

    /// `ONCORELAY_AMQP_URL`
    package var environmentName: String {
        "ONCORELAY_" + name.uppercased().map { $0 == "." || $0 == "-" ? "_" : String($0) }.joined()
    }

    /// `--amqp-url`
    package var flag: String { "--" + name.map { $0 == "." ? "-" : String($0) }.joined() }
}

extension SettingsKey {
    package static let amqpURL = SettingsKey(
        "amqp.url", "Broker: amqp://user:password@host:port/vhost, or amqps:// for TLS.",
        default: "amqp://guest:guest@localhost:5672/", secret: true)
    package static let amqpPasswordFile = SettingsKey(
        "amqp.password.file", "File that holds the broker's password, instead of one in the URL.", default: "none")
    package static let amqpCAFile = SettingsKey(
        "amqp.ca.file", "Certificates of the authorities that may sign the broker's certificate.",
        default: "/etc/ssl/certs/ca-certificates.crt")
    package static let amqpCertificateFile = SettingsKey(
        "amqp.certificate.file", "Our own certificate, where the broker asks for one.", default: "none")
    package static let amqpKeyFile = SettingsKey("amqp.key.file", "The key of that certificate.", default: "none")
    package static let redisURL = SettingsKey(
        "redis.url", "Tensor store: redis://user:password@host:port/database, or unix:///path.",
        default: "redis://localhost:6379/0", secret: true)
    package static let redisPasswordFile = SettingsKey(
        "redis.password.file", "File that holds the store's password, instead of one in the URL.", default: "none")
    package static let roots = SettingsKey(
        "roots", "Folders, separated by ':', beneath which locations resolve; nothing outside them is read.",
        default: "none")
    package static let models = SettingsKey(
        "models", "Folder with model folders; without it seeded, untrained networks answer (and say so).",
        default: "none")
    package static let ledger = SettingsKey(
        "ledger", "Aggregation: the SQLite file that remembers studies and results.",
        default: "oncorelay-ledger.sqlite")
    package static let heatmaps = SettingsKey(
        "heatmaps", "Aggregation: folder for heat maps (NIfTI); 'none' keeps none.",
        default: "'heatmaps' beside the ledger")
    package static let httpPort = SettingsKey(
        "http.port", "Port of /livez, /readyz and /metrics; 0 for none.", default: "0")
    package static let httpHost = SettingsKey("http.host", "Address that this port is opened on.", default: "127.0.0.1")
    package static let threads = SettingsKey("threads", "Threads of a network's arithmetic.", default: "all cores")
    package static let precision = SettingsKey(
        "precision", "Arithmetic of the networks: auto (as the processor is good at), fp32 or bf16.", default: "auto")
    package static let logLevel = SettingsKey(
        "log.level", "trace, debug, info, notice, warning, error or critical.", default: "info")
    package static let concurrency = SettingsKey(
        "concurrency", "Deliveries worked on at once.", default: "16 (classifiers: 8)")
    package static let prefetch = SettingsKey(
        "prefetch", "Unacknowledged deliveries per queue.", default: "twice the concurrency")
    package static let processingTimeout = SettingsKey(
        "processing.timeout", "Seconds after which work on one delivery is given up and tried again.", default: "300")
    package static let drainTimeout = SettingsKey(
        "drain.timeout", "Seconds that work in hand may take after SIGTERM.", default: "60")
    package static let tensorLifetime = SettingsKey(
        "tensor.lifetime", "Seconds that the store keeps a tensor at most.", default: "86400")
    package static let gradCAM = SettingsKey(
        "gradcam", "Classifiers: whether heat maps are made.", default: "true")
    package static let branches = SettingsKey(
        "branches", "Brain metastasis: evaluate both branches, or only the chosen one.", default: "both")
    package static let unusableImages = SettingsKey(
        "unusable.images",
        "Preprocessing: what is done about a series that is not good enough: reject, partial, abstain or use.",
        default: "partial")
    package static let quality = SettingsKey(
        "quality",
        "Preprocessing: limits as name=degraded:unusable, for snr, ghosting, saturation, spacing, slices, coverage.",
        default: "snr=10:3,ghosting=0.1:0.3,saturation=0.01:0.2,spacing=5:20,slices=0:0.25,coverage=0.5:0")
    package static let criteria = SettingsKey(
        "criteria", "Preprocessing: from which values on a lymph node's border, signal and roundness count.",
        default: "border=0.045,signal=0.1,roundness=0.7")
    package static let readersRule = SettingsKey(
        "readers.rule", "Preprocessing: which rule goes with the short axis, paper or esgar.", default: "paper")
    package static let progress = SettingsKey(
        "progress", "Aggregation: whether result.progress is published.", default: "true")
    package static let faults = SettingsKey(
        "faults", "For tests: faults made on purpose, as point:action[:marker].", default: "none")
    package static let config = SettingsKey(
        "config", "A JSON or YAML file with these keys.", default: "none")

    /// All of them, in the order in which help shows them.
    package static let all: [SettingsKey] = [
        amqpURL, amqpPasswordFile, amqpCAFile, amqpCertificateFile, amqpKeyFile, redisURL, redisPasswordFile, roots,
        models, ledger, heatmaps, httpPort, httpHost, threads, precision, logLevel, concurrency, prefetch,
        processingTimeout, drainTimeout, tensorLifetime, gradCAM, branches, unusableImages, quality, criteria,
        readersRule, progress, faults, config,
    ]

    /// The table of keys, as `--help` prints it.
    package static func help() -> String {
        all.map { key in
            "  \(key.flag), \(key.environmentName)\n      \(key.summary)\n      default: \(key.defaultText)"
        }.joined(separator: "\n")
    }
}

/// A setting that cannot be used: which, what was expected, what came.
package struct SettingsError: Error, CustomStringConvertible {
    package let key: String
    package let expected: String
    package let found: String

    package init(key: String, expected: String, found: String) {
        self.key = key
        self.expected = expected
        self.found = found
    }

    package var description: String { "setting \(key): expected \(expected), found \"\(found)\"" }
}

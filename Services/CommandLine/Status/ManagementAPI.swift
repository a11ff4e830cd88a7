import Messaging
import ServiceRuntime

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// RabbitMQ's HTTP API, for the little that AMQP cannot tell. Asked by `curl`, which knows proxies and TLS.
struct ManagementAPI: Sendable {
    /// `http://host:15672`
    let url: String
    let user: String
    let password: String
    let virtualHost: String

    static let variable = "ONCORELAY_MANAGEMENT_URL"
    static let optionSummary =
        "RabbitMQ's HTTP API, http://host:15672; the broker's user needs the tag 'monitoring'. Else \(variable)."

    /// The API where its address was given, by option or variable; nil where it was not.
    init?(option: String?, _ values: SettingValues, _ configuration: BrokerConfiguration) throws(CommandFailure) {
        guard let url = option ?? values.variable(Self.variable) else { return nil }
        try self.init(url: url, configuration)
    }

    /// The API of the broker that `configuration` names, with its user and password.
    ///
    /// - Throws: ``CommandFailure`` where the address is none.
    init(url: String, _ configuration: BrokerConfiguration) throws(CommandFailure) {
        guard url.hasPrefix("http://") || url.hasPrefix("https://"),
            !url.contains(where: { $0.isWhitespace || $0 == "\"" })
        else {
            throw CommandFailure(
                "--management-url (\(Self.variable)): expected http://host:port or https://host:port", .usage)
        }
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        user = configuration.user
        password = configuration.password
        virtualHost = configuration.virtualHost
    }

    /// Messages that consumers have in hand, by queue.
    ///
    /// - Throws: ``CommandFailure`` with status `unavailable`.
    func unacknowledged() async throws -> [String: Int] {
        struct Queue: Decodable {
            var name: String
            var messages_unacknowledged: Int?
        }
        let path = "/api/queues/\(Self.encoded(virtualHost))?columns=name,messages_unacknowledged"
        let queues: [Queue] = try await get(path)
        return Dictionary(queues.map { ($0.name, $0.messages_unacknowledged ?? 0) }) { first, _ in first }
    }

    /// The broker's version.
    ///
    /// - Throws: ``CommandFailure`` with status `unavailable`.
    func version() async throws -> String {
        struct Overview: Decodable {
            var rabbitmq_version: String
        }
        let overview: Overview = try await get("/api/overview?columns=rabbitmq_version")
        return overview.rabbitmq_version
    }

    private func get<Answer: Decodable & Sendable>(_ path: String) async throws -> Answer {
        // By standard input: the password must not show among the processes' arguments.
        let settings = """
            url = \(Self.quoted(url + path))
            user = \(Self.quoted("\(user):\(password)"))
            silent
            show-error
            fail
            max-time = 10
            """
        let result: ChildProcess.Result
        do {
            result = try await ChildProcess.run("curl", ["--config", "-"], input: Array(settings.utf8))
        } catch {
            throw CommandFailure("RabbitMQ's HTTP API is asked by curl, which is not installed", .unavailable)
        }
        guard result.exitCode == 0 else {
            let reason = String(decoding: result.error, as: UTF8.self).split(separator: "\n").first ?? "no answer"
            throw CommandFailure("RabbitMQ's HTTP API at \(url): \(TextTable.printable(String(reason)))", .unavailable)
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(result.output)) else {
            throw CommandFailure("RabbitMQ's HTTP API at \(url) answered with something else", .unavailable)
        }
        return answer
    }

    /// A value in curl's configuration file: in quotes, with `\` and `"` escaped.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for character in text {
            switch character {
            case "\\", "\"": quoted += "\\" + String(character)
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            default: quoted.append(character)
            }
        }
        return quoted + "\""
    }

    /// Percent-encoded but for RFC 3986's unreserved characters.
    static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}

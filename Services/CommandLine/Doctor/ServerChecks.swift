import Messaging
import ServiceRuntime
import TensorStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Checks of the servers: broker, topology, store, and the port of a service's own.
enum ServerChecks {
    /// Whether the broker lets us in, and whether its objects are there.
    ///
    /// - Parameters:
    ///   - broker: The broker; a connection is opened and closed.
    ///   - version: Answers with the broker's version, where its HTTP API was given.
    /// - Returns: The broker's diagnosis, and the topology's where the broker lets us in.
    static func broker(_ broker: any Broker, version: (@Sendable () async throws -> String)? = nil) async -> [Diagnosis]
    {
        let report: VerifiedTopology
        do {
            report = try await TopologyWork.verify(broker: broker)
        } catch {
            return [
                .fail(
                    "broker", CommandFailure(error)?.message ?? "\(error)",
                    remedy: "start RabbitMQ 3.10 or later, or correct \(SettingsKey.amqpURL.spellings)")
            ]
        }
        var found = [await reachable(version)]
        if report.verified {
            found.append(.ok("topology", "all exchanges and queues are there"))
        } else {
            let names = report.differences.map(\.detail)
            found.append(
                .fail(
                    "topology",
                    names.prefix(3).joined(separator: "; ") + (names.count > 3 ? "; and \(names.count - 3) more" : ""),
                    remedy: "run 'oncorelay topology apply'"))
        }
        return found
    }

    private static func reachable(_ version: (@Sendable () async throws -> String)?) async -> Diagnosis {
        guard let version else { return .ok("broker", "it lets us in") }
        do {
            return .ok("broker", "it lets us in; RabbitMQ \(try await version())")
        } catch {
            return .warn(
                "broker", "it lets us in; \(CommandFailure(error)?.message ?? "\(error)")",
                remedy: "correct --management-url, enable rabbitmq_management, and give the user the tag 'monitoring'")
        }
    }

    /// Whether the store answers.
    static func store(_ store: any TensorStore) async -> Diagnosis {
        do {
            try await store.ping()
            return .ok("store", "it answers")
        } catch {
            return .fail(
                "store", CommandFailure(error)?.message ?? "\(error)",
                remedy:
                    "start Redis 7 or later with maxmemory-policy noeviction, or correct \(SettingsKey.redisURL.spellings)"
            )
        }
    }

    /// Whether a service could open its port of health and metrics.
    static func port(_ port: String?, host: String) -> Diagnosis? {
        guard let port, port != "0" else { return nil }
        let name = "http port"
        guard let number = UInt16(port) else {
            return .fail(
                name, "'\(TextTable.printable(port))' is no port",
                remedy: "set ONCORELAY_HTTP_PORT to a number from 1 to 65535, or 0 for none")
        }
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        #if canImport(Glibc)
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(number), &hints, &list) == 0, let address = list?.pointee else {
            return .fail(name, "'\(host)' is no address of this machine", remedy: "correct ONCORELAY_HTTP_HOST")
        }
        defer { freeaddrinfo(list) }
        let descriptor = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 else {
            let reason = String(cString: strerror(errno))
            return .warn(
                name, "\(host):\(number) cannot be opened: \(reason)",
                remedy: "if a service already runs here, this is as it should be; else set another ONCORELAY_HTTP_PORT")
        }
        return .ok(name, "\(host):\(number) is free")
    }
}

import Contracts
import FlyingFox
import FlyingSocks
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif
package import Logging
import ServiceLifecycle

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `/livez`, `/readyz` and `/metrics` over HTTP.
///
/// `/livez` answers 200 while the process lives. `/readyz` answers 200, or 503 with the dependencies that are missing.
package struct HealthServer: Service {
    private let host: String
    private let port: Int
    private let readiness: Readiness
    private let metrics: MetricsRegistry
    private let logger: Logger
    /// Set before the metrics are written, for example gauges that are read off the process.
    private let refresh: @Sendable () -> Void

    package init(
        host: String, port: Int, readiness: Readiness, metrics: MetricsRegistry, logger: Logger,
        refresh: @escaping @Sendable () -> Void
    ) {
        self.host = host
        self.port = port
        self.readiness = readiness
        self.metrics = metrics
        self.logger = logger
        self.refresh = refresh
    }

    package func run() async throws {
        let server: HTTPServer
        if host.contains(":") {
            server = HTTPServer(address: try sockaddr_in6.inet6(ip6: host, port: UInt16(port)), logger: .disabled)
        } else {
            server = HTTPServer(address: try sockaddr_in.inet(ip4: host, port: UInt16(port)), logger: .disabled)
        }
        await server.appendRoute("GET /livez") { _ in
            HTTPResponse(statusCode: .ok, headers: [.contentType: "text/plain"], body: Data("ok\n".utf8))
        }
        await server.appendRoute("GET /readyz") { [readiness] _ in
            let problems = await readiness.current()
            let notices = await readiness.notices()
            let body = try EventCoding.encode(
                ReadinessReport(
                    status: problems.isEmpty ? "ready" : "not ready", missing: problems,
                    notices: notices.isEmpty ? nil : notices))
            return HTTPResponse(
                statusCode: problems.isEmpty ? .ok : .serviceUnavailable, headers: [.contentType: "application/json"],
                body: Data(body))
        }
        await server.appendRoute("GET /metrics") { [metrics, refresh] _ in
            refresh()
            return HTTPResponse(
                statusCode: .ok, headers: [.contentType: "text/plain; version=0.0.4"], body: Data(metrics.text().utf8))
        }
        do {
            try await cancelWhenGracefulShutdown { try await server.run() }
        } catch  where Task.isCancelled || Task.isShuttingDownGracefully {
            return
        } catch {
            throw SettingsError(
                key: SettingsKey.httpPort.name, expected: "a free port on \(host)", found: "\(port) (\(error))")
        }
    }
}

/// What `/readyz` says.
private struct ReadinessReport: Encodable {
    let status: String
    let missing: [String: String]
    /// What should be looked at although the service is ready.
    let notices: [String: String]?
}

import FoundationEssentials

/// Where a Redis server listens, and as whom to speak to it.
///
/// - `redis://[user:password@]host[:port][/database]`
/// - `unix://[user:password@]/path/to.sock[?db=database]`
///
/// User and password are percent-encoded. TLS (`rediss://`) is not offered: Debian's hiredis 0.14 has none; use a Unix
/// socket on the same machine, or a TLS tunnel.
package struct RedisAddress: Sendable, Equatable {
    /// How to reach the server.
    package enum Endpoint: Sendable, Equatable {
        case tcp(host: String, port: Int32)
        case unix(path: String)
    }

    package var endpoint: Endpoint
    package var database: Int
    package var user: String?
    package var password: String?

    /// Reads an address.
    ///
    /// - Throws: `invalidArgument`; the message never shows the password.
    package init(_ text: String) throws(TensorStoreError) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme else {
            throw .invalidArgument(reason: "the Redis address is not a URL; expected redis://host:port/database")
        }
        switch scheme {
        case "redis":
            guard let host = parts.host, !host.isEmpty else {
                throw .invalidArgument(reason: "the Redis address names no host; expected redis://host:port/database")
            }
            let port = parts.port ?? 6379
            guard 1...65535 ~= port else {
                throw .invalidArgument(reason: "expected a Redis port of 1 to 65535, got \(port)")
            }
            // An IPv6 address stands in brackets in a URL, but not for the resolver.
            endpoint = .tcp(host: host.trimmingBrackets(), port: Int32(port))
            database = try Self.database(String(parts.path.drop { $0 == "/" }))
        case "unix":
            guard parts.host ?? "" == "", parts.path.hasPrefix("/") else {
                throw .invalidArgument(reason: "expected a socket address unix:///path, with three slashes")
            }
            // The size of sockaddr_un.sun_path; hiredis would cut a longer path without a word.
            guard parts.path.utf8.count < 108 else {
                throw .invalidArgument(
                    reason: "the socket path has \(parts.path.utf8.count) bytes; the system allows 107")
            }
            endpoint = .unix(path: parts.path)
            database = try Self.database(parts.queryItems?.first { $0.name == "db" }?.value ?? "")
        case "rediss":
            throw .invalidArgument(
                reason: "rediss:// (TLS) is not supported by hiredis 0.14; use unix:// or a TLS tunnel")
        default:
            throw .invalidArgument(reason: "expected a Redis address with redis:// or unix://, got \(scheme)://")
        }
        user = parts.user.flatMap { $0.isEmpty ? nil : $0 }
        password = parts.password.flatMap { $0.isEmpty ? nil : $0 }
        guard user == nil || password != nil || parts.password == nil else {
            throw .invalidArgument(reason: "the Redis address names a user with an empty password")
        }
    }

    private static func database(_ text: String) throws(TensorStoreError) -> Int {
        guard !text.isEmpty else { return 0 }
        guard let number = Int(text), number >= 0 else {
            throw .invalidArgument(reason: "expected a Redis database number, got '\(text)'")
        }
        return number
    }
}

extension RedisAddress: CustomStringConvertible {
    /// Without the password.
    package var description: String {
        let account = user.map { "\($0)@" } ?? ""
        return switch endpoint {
        case .tcp(let host, let port):
            "redis://\(account)\(host.contains(":") ? "[\(host)]" : host):\(port)/\(database)"
        case .unix(let path): "unix://\(account)\(path)?db=\(database)"
        }
    }
}

extension String {
    fileprivate func trimmingBrackets() -> String {
        hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : self
    }
}

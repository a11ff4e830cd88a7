#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension BrokerConfiguration {
    /// Reads `amqp://user:password@host:port/virtual-host` or `amqps://…`, percent-encoded.
    ///
    /// Absent parts: user and password `guest`, port 5672 or 5671, virtual host `/` (as is an empty path; a virtual
    /// host with a slash is written `%2F`). Query parameters, as in RabbitMQ's URI specification: `heartbeat`
    /// (seconds), `connection_timeout` (milliseconds), `auth_mechanism` (`plain`, `external`), and for amqps
    /// `cacertfile`, `certfile`, `keyfile`.
    ///
    /// - Parameters:
    ///   - url: The URL.
    ///   - passwordFile: A file whose first line replaces the URL's password.
    ///   - tls: Certificates for `amqps`; the URL's own parameters win.
    ///   - connectionName: How we appear among the broker's connections.
    /// - Throws: `BrokerError.invalidConfiguration`; never shows the URL itself, since it may hold a password.
    package init(
        url: String, passwordFile: String? = nil, tls: TLSConfiguration? = nil, connectionName: String = "oncorelay"
    ) throws(BrokerError) {
        func malformed(_ text: String) -> BrokerError {
            .invalidConfiguration("\(text); expected amqp://user:password@host:port/virtual-host or amqps://…")
        }
        guard let schemeEnd = url.firstRange(of: "://") else { throw malformed("the broker's URL has no scheme") }
        let scheme = url[..<schemeEnd.lowerBound].lowercased()
        guard scheme == "amqp" || scheme == "amqps" else { throw malformed("scheme '\(scheme)' is not known") }
        var rest = url[schemeEnd.upperBound...]
        var query = Substring()
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        var path = Substring()
        if let slash = rest.firstIndex(of: "/") {
            path = rest[rest.index(after: slash)...]
            rest = rest[..<slash]
        }
        var user = "guest"
        var password = "guest"
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let decodedUser = Self.percentDecoded(parts[0]) else { throw malformed("the user is not UTF-8") }
            user = decodedUser
            if parts.count == 2 {
                guard let decoded = Self.percentDecoded(parts[1]) else { throw malformed("the password is not UTF-8") }
                password = decoded
            }
            rest = rest[rest.index(after: at)...]
        }
        var port = scheme == "amqps" ? 5671 : 5672
        var host = rest
        let isBracketed = rest.hasPrefix("[")
        if isBracketed {
            guard let end = rest.firstIndex(of: "]") else { throw malformed("the IPv6 address has no closing bracket") }
            host = rest[rest.index(after: rest.startIndex)..<end]
        }
        let portMark =
            isBracketed ? rest.firstRange(of: "]:")?.upperBound : rest.firstIndex(of: ":").map(rest.index(after:))
        if let portMark {
            if !isBracketed { host = rest[..<rest.index(before: portMark)] }
            guard let number = Int(rest[portMark...]) else { throw malformed("the port is not a number") }
            port = number
        }
        guard let virtualHost = path.isEmpty ? "/" : Self.percentDecoded(path) else {
            throw malformed("the virtual host is not UTF-8")
        }
        if let passwordFile { password = try Self.firstLine(of: passwordFile) }
        self.init(
            host: String(host), port: port, user: user, password: password, virtualHost: virtualHost,
            tls: scheme == "amqps" ? tls ?? TLSConfiguration() : nil, connectionName: connectionName)
        try apply(query: query)
        try validate()
    }

    private mutating func apply(query: Substring) throws(BrokerError) {
        for item in query.split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            let value = parts.count == 2 ? Self.percentDecoded(parts[1]) ?? "" : ""
            switch name {
            case "heartbeat": heartbeatSeconds = try Self.number(value, name)
            case "connection_timeout": connectionTimeout = .milliseconds(try Self.number(value, name))
            case "auth_mechanism":
                switch value.lowercased() {
                case "plain": authentication = .plain
                case "external": authentication = .external
                default: throw .invalidConfiguration("auth_mechanism is '\(value)'; expected plain or external")
                }
            case "cacertfile": tls?.authorityFile = value
            case "certfile": tls?.certificateFile = value
            case "keyfile": tls?.keyFile = value
            default: throw .invalidConfiguration("the broker's URL has an unknown parameter '\(name)'")
            }
        }
    }

    private static func number(_ text: String, _ name: String) throws(BrokerError) -> Int {
        guard let number = Int(text) else {
            throw .invalidConfiguration("'\(name)' in the broker's URL is '\(text)'; expected a whole number")
        }
        return number
    }

    private static func percentDecoded(_ text: Substring) -> String? {
        var bytes = [UInt8]()
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = iterator.next(), let low = iterator.next(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func firstLine(of path: String) throws(BrokerError) -> String {
        guard let file = fopen(path, "re") else {
            let reason = String(cString: strerror(errno))
            throw .invalidConfiguration("the password file '\(path)' cannot be read: \(reason)")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, file)
        let line = bytes[..<count].prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard !line.isEmpty, let text = String(validating: line, as: UTF8.self) else {
            throw .invalidConfiguration("the password file '\(path)' holds no password in its first line")
        }
        return text
    }
}

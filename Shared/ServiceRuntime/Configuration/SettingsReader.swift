package import Configuration
package import Messaging
package import TensorStore

/// Typed values with errors that name the key.
package struct SettingsReader {
    let reader: ConfigReader

    package init(reader: ConfigReader) { self.reader = reader }

    /// Numbers and booleans of files, and numbers that flags and variables spell as text, are read alike.
    package func string(_ key: SettingsKey) -> String? {
        let configKey = ConfigKey(key.name)
        let value =
            reader.string(forKey: configKey, isSecret: key.isSecret)
            ?? reader.int(forKey: configKey).map(String.init) ?? reader.bool(forKey: configKey).map { "\($0)" }
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    package func int(_ key: SettingsKey, in range: ClosedRange<Int>) throws(SettingsError) -> Int? {
        guard let text = string(key) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw SettingsError(
                key: key.name, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)", found: text)
        }
        return value
    }

    package func bool(_ key: SettingsKey) throws(SettingsError) -> Bool? {
        switch string(key) {
        case nil: return nil
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        case let text?: throw SettingsError(key: key.name, expected: "true or false", found: text)
        }
    }

    /// The broker's settings.
    package func broker(connectionName: String) throws -> BrokerConfiguration {
        try BrokerConfiguration(
            url: string(.amqpURL) ?? SettingsKey.amqpURL.defaultText, passwordFile: string(.amqpPasswordFile),
            tls: .init(
                authorityFile: string(.amqpCAFile) ?? SettingsKey.amqpCAFile.defaultText,
                certificateFile: string(.amqpCertificateFile), keyFile: string(.amqpKeyFile)),
            connectionName: connectionName)
    }

    /// The tensor store's settings.
    package func store(clientName: String) throws -> RedisConfiguration {
        var configuration = try RedisConfiguration(url: string(.redisURL) ?? SettingsKey.redisURL.defaultText)
        configuration.passwordFile = string(.redisPasswordFile)
        configuration.clientName = clientName
        return configuration
    }
}

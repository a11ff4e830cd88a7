import ArgumentParser
import Messaging
import ServiceRuntime

/// How to reach the broker; the same options for every command that does.
struct BrokerOptions: ParsableArguments {
    @Option(
        name: .customLong("amqp-url"),
        help: ArgumentHelp(SettingsKey.amqpURL.optionSummary))
    var amqpURL: String?

    @Option(
        name: .customLong("amqp-password-file"),
        help: ArgumentHelp(SettingsKey.amqpPasswordFile.optionSummary))
    var passwordFile: String?

    @Option(
        name: .customLong("amqp-ca-file"), help: ArgumentHelp(SettingsKey.amqpCAFile.optionSummary))
    var authorityFile: String?

    @Option(
        name: .customLong("amqp-certificate-file"),
        help: ArgumentHelp(SettingsKey.amqpCertificateFile.optionSummary))
    var certificateFile: String?

    @Option(
        name: .customLong("amqp-key-file"), help: ArgumentHelp(SettingsKey.amqpKeyFile.optionSummary))
    var keyFile: String?

    /// The broker's address and what it takes to log in.
    ///
    /// - Throws: `BrokerError.invalidConfiguration`, which never shows the URL.
    func configuration(_ values: SettingValues = SettingValues()) throws -> BrokerConfiguration {
        var tls = BrokerConfiguration.TLSConfiguration()
        if let file = values.given(.amqpCAFile, option: authorityFile) { tls.authorityFile = file }
        tls.certificateFile = values.given(.amqpCertificateFile, option: certificateFile)
        tls.keyFile = values.given(.amqpKeyFile, option: keyFile)
        return try BrokerConfiguration(
            url: values.given(.amqpURL, option: amqpURL) ?? SettingsKey.amqpURL.defaultText,
            passwordFile: values.given(.amqpPasswordFile, option: passwordFile), tls: tls,
            connectionName: "oncorelay command line")
    }

    /// The broker; nothing is connected yet.
    func makeBroker(_ values: SettingValues = SettingValues()) throws -> any Broker {
        try RabbitMQBroker(configuration(values))
    }
}

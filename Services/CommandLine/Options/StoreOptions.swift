import ArgumentParser
import ServiceRuntime
import TensorStore

/// How to reach the tensor store.
struct StoreOptions: ParsableArguments {
    @Option(
        name: .customLong("redis-url"), help: ArgumentHelp(SettingsKey.redisURL.optionSummary))
    var redisURL: String?

    @Option(
        name: .customLong("redis-password-file"),
        help: ArgumentHelp(SettingsKey.redisPasswordFile.optionSummary))
    var passwordFile: String?

    /// - Throws: `TensorStoreError.invalidArgument`.
    func configuration(_ values: SettingValues = SettingValues()) throws -> RedisConfiguration {
        var configuration = try RedisConfiguration(
            url: values.given(.redisURL, option: redisURL) ?? SettingsKey.redisURL.defaultText)
        configuration.passwordFile = values.given(.redisPasswordFile, option: passwordFile)
        configuration.clientName = "oncorelay-command-line"
        return configuration
    }

    /// The store; nothing is connected yet.
    func makeStore(_ values: SettingValues = SettingValues()) throws -> any TensorStore {
        try RedisTensorStore(configuration(values))
    }
}

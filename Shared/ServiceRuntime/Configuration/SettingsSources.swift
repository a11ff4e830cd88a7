package import Configuration
import SystemPackage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Where settings come from: flags, then environment, then a file.
package enum SettingsSources {
    /// A reader over the given flags and variables, and over the file that they name, if any.
    ///
    /// - Throws: ``SettingsError`` where the file cannot be read.
    package static func reader(arguments: [String], environment: [String: String]) async throws -> ConfigReader {
        try checkFlags(arguments)
        var providers: [any ConfigProvider] = [
            CommandLineArgumentsProvider(arguments: arguments),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: ["oncorelay"]),
        ]
        let first = SettingsReader(reader: ConfigReader(providers: providers))
        if let path = first.string(.config) {
            do {
                if path.hasSuffix(".yaml") || path.hasSuffix(".yml") {
                    providers.append(try await FileProvider<YAMLSnapshot>(filePath: FilePath(path)))
                } else {
                    providers.append(try await FileProvider<JSONSnapshot>(filePath: FilePath(path)))
                }
            } catch {
                throw SettingsError(key: SettingsKey.config.name, expected: "a readable JSON or YAML file", found: path)
            }
        }
        return ConfigReader(providers: providers)
    }

    /// A misspelt flag would be ignored silently; here it is an error.
    private static func checkFlags(_ arguments: [String]) throws(SettingsError) {
        let known = Set(SettingsKey.all.map(\.flag))
        for argument in arguments.dropFirst() where argument.hasPrefix("--") {
            let flag = String(argument.prefix { $0 != "=" })
            if !known.contains(flag) {
                throw SettingsError(key: flag, expected: "one of the flags that --help lists", found: flag)
            }
        }
    }
}

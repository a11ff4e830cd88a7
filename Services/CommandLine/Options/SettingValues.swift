import ServiceRuntime

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Values of settings: the option's where it is given, else the environment variable's.
struct SettingValues: Sendable {
    private let environment: [String: String]

    init(environment: [String: String] = ProcessInfo.processInfo.environment) { self.environment = environment }

    /// What was given; nil where neither was, or only an empty text.
    func given(_ key: SettingsKey, option: String?) -> String? {
        for value in [option, environment[key.environmentName]] {
            if let value, !value.isEmpty { return value }
        }
        return nil
    }

    /// A variable that is no setting of the services.
    func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension SettingsKey {
    /// The setting's summary as an option's help shows it, with its variable.
    var optionSummary: String { "\(summary) Else \(environmentName); default: \(defaultText)." }
}

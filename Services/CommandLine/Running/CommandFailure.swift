import Classifiers
import Contracts
import Datasets
import Learning
import Messaging
import NeuralNetwork
import Phantoms
import ServiceRuntime
import TensorStore
import Tensors

/// Why a command ends without success: a line for a person, and a status for a script.
struct CommandFailure: Error, Equatable, CustomStringConvertible {
    /// What was expected, what came, and what to do; one line.
    let message: String
    let status: ExitStatus

    init(_ message: String, _ status: ExitStatus) {
        self.message = message
        self.status = status
    }

    var description: String { message }
}

extension CommandFailure {
    /// What one of our rooms' errors means to the person at the terminal; nil for errors that are none of them.
    init?(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as BrokerError: self.init(broker: error)
        case let error as PublishError: self.init(error.description, .unavailable)
        case let error as TensorStoreError:
            if case .invalidArgument = error {
                self.init(error.description, .usage)
            } else {
                self.init(error.description, .unavailable)
            }
        case let error as SettingsError: self.init(error.description, .usage)
        case let error as NeuralNetworkError: self.init(error.description, .dataError)
        case let error as CheckpointError: self.init(error.description, .dataError)
        case let error as TensorError: self.init(error.description, .dataError)
        case let error as SafetensorsError:
            if case .file = error {
                self.init(error.description, .noInput)
            } else {
                self.init(error.description, .dataError)
            }
        case let error as TrustError: self.init(error.description, .dataError)
        case let error as RecipeError: self.init(error.description, .dataError)
        case let error as LearningError: self.init(learning: error)
        case let error as DatasetProblems: self.init(error.description, .dataError)
        case let error as SplitError: self.init(error.description, .dataError)
        case let error as CohortError: self.init(error.description, .dataError)
        case let failure as Failure: self.init(failure.description, .dataError)
        case let error as any FailureConvertible: self.init(error.failure.message, .dataError)
        case is CancellationError: self.init("interrupted", .interrupted)
        default: return nil
        }
    }

    private init(learning error: LearningError) {
        switch error {
        case .interrupted: self.init(error.description, .interrupted)
        case .file: self.init(error.description, .noInput)
        default: self.init(error.description, .dataError)
        }
    }

    private init(broker error: BrokerError) {
        switch error {
        case .invalidConfiguration:
            self.init("\(error.description) (\(SettingsKey.amqpURL.spellings))", .usage)
        case .unreachable, .connectionLost:
            self.init("\(error.description) (\(SettingsKey.amqpURL.spellings))", .unavailable)
        case .accessRefused:
            self.init(
                "\(error.description); check user, password and virtual host (\(SettingsKey.amqpURL.spellings))",
                .unavailable)
        case .channelClosed(code: 404, _):
            self.init("\(error.description); run 'oncorelay topology apply' to declare what is missing", .unavailable)
        default:
            self.init(error.description, .unavailable)
        }
    }
}

extension SettingsKey {
    /// How the setting can be given: `--amqp-url, ONCORELAY_AMQP_URL`.
    var spellings: String { "\(flag), \(environmentName)" }
}

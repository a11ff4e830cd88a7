internal import NeuralNetwork
internal import Tensors

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Where a run stands, beside weights and the optimizer's memory: all that is needed to go on bit for bit. Orders and
/// augmentations are functions of seed and epoch, so there is no other random state.
struct RunState: Codable, Sendable, Equatable {
    /// The best epoch so far.
    struct Best: Codable, Sendable, Equatable {
        var epoch: Int
        var auc: Double?
        var loss: Double?
        var trainingAUC: Double?
        var scores: [Float]
        var threshold: Double
        var weightsSHA256: String
    }

    /// Of the epoch that is going on.
    struct Sums: Codable, Sendable, Equatable {
        var loss = 0.0
        var attention = 0.0
        var items = 0
        var scores: [Float] = []
        var labels: [Int] = []
        var seconds = 0.0
    }

    static let version = 1
    private static let key = "oncorelay.training"

    var version = Self.version
    var recipeSHA256: String
    var dataSHA256: String
    /// Epochs that are done.
    var epoch = 0
    /// Steps of the epoch that is going on that are done.
    var step = 0
    var sums = Sums()
    var history: [EpochFigures] = []
    var best: Best?

    init(recipeSHA256: String, dataSHA256: String) {
        self.recipeSHA256 = recipeSHA256
        self.dataSHA256 = dataSHA256
    }

    /// Writes the state with the session's weights and memory as one file.
    ///
    /// - Throws: `LearningError.file`.
    func write(_ session: TrainingSession, to path: String) throws(LearningError) {
        do {
            let text = String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
            try TrainingCheckpoint.write(
                session.network, optimizer: session.optimizer, metadata: [Self.key: text], to: path)
        } catch {
            throw .file("\(error); free some space or choose another --out")
        }
    }

    /// Gives a session what was written, and says where it stood.
    ///
    /// - Throws: `LearningError.state` where the file is damaged or of another recipe or dataset.
    static func restore(
        _ session: TrainingSession, from path: String, recipeSHA256: String, dataSHA256: String
    ) throws(LearningError) -> RunState {
        let advice = "begin anew with --fresh, or choose another --out"
        do {
            let file = try SafetensorsFile.map(path: path)
            guard let text = file.metadata[key] else {
                throw LearningError.state("\(path) is no state of a run; \(advice)")
            }
            let state = try JSONDecoder().decode(RunState.self, from: Data(text.utf8))
            guard state.version == version else {
                throw LearningError.state(
                    "\(path) is of form \(state.version), this program reads \(version); \(advice)")
            }
            guard state.recipeSHA256 == recipeSHA256 else {
                throw LearningError.state("\(path) was written by another recipe; \(advice)")
            }
            guard state.dataSHA256 == dataSHA256 else {
                throw LearningError.state("\(path) was written with other examples or another split; \(advice)")
            }
            try TrainingCheckpoint.restore(session.network, optimizer: session.optimizer, from: path)
            return state
        } catch let error as LearningError {
            throw error
        } catch {
            throw .state("\(path) cannot be read: \(error); \(advice)")
        }
    }
}

package import Contracts
package import Datasets
package import NeuralNetwork

/// How one network is trained: what it is asked, what it is fed, how it learns. Every number has a default; what the
/// papers say stands in the defaults, and the rest is ours.
package struct Recipe: Sendable, Equatable {
    package var name: String
    package var task: ClassifierRole
    package var data: DataSettings
    package var input: ModelInput
    /// What is subtracted from cut-outs; of lesions nothing is.
    package var mean: Mean
    package var architecture: Architecture
    package var start: StartSettings
    package var attention: AttentionSettings
    package var augmentation: AugmentationSettings
    package var training: LearningSettings
    package var trust: TrustSettings
    package var model: ModelSettings

    /// The dataset that is learned from, and how it is split.
    package struct DataSettings: Sendable, Equatable {
        /// What happens with lesions that lack a sequence of the input.
        package enum MissingSequences: String, Sendable, CaseIterable {
            /// Nothing is trained; the message names every lesion.
            case reject
            /// They are left out, and counted.
            case skip
        }

        /// How prepared examples wait in memory.
        package enum Storage: String, Sendable, CaseIterable {
            /// float16 where examples are augmented anyway, else float32.
            case automatic
            case float16, float32
        }

        /// The cohort's folder; nil where the command line names it.
        package var folder: String?
        /// A split that was written before; nil to make one.
        package var split: String?
        package var splitBy: SplitUnit
        /// Shares of the cohorts, adding up to 1.
        package var fractions: [Cohort: Double]
        package var seed: UInt64
        package var missingSequences: MissingSequences
        package var storage: Storage
    }

    /// What the training cohort's mean is, of pictures.
    package enum Mean: String, Sendable, CaseIterable {
        /// One number: of all pixels of all cut-outs.
        case pixel
        /// A number for each pixel of the padded square, as Li et al. have it.
        case image
    }

    /// Where the weights come from, and which of them stay.
    package struct StartSettings: Sendable, Equatable {
        /// A safetensors file or a model folder; nil: seeded random weights.
        package var checkpoint: String?
        /// Whether the checkpoint's last layer is kept; else it is drawn anew.
        package var keepsHead: Bool
        /// The first so many convolutions keep their weights, with their normalization.
        package var frozenConvolutions: Int
    }

    /// Grad-CAM-guided attention in training (methods.md).
    package struct AttentionSettings: Sendable, Equatable {
        package var isEnabled: Bool
        package var layer: String
        /// ω and s of T(Â) = σ(ω(Â − s)), and λ.
        package var slope: Double
        package var threshold: Double
        package var weight: Double
        /// What the probability that is left of the true class counts, once what is attended to is erased from the input:
        /// GAIN's second pass. 0: there is none.
        package var erasure: Double
    }

    /// What the model folder says beside the network.
    package struct ModelSettings: Sendable, Equatable {
        /// Nil: the best cut of the testing cohort by Youden's index.
        package var threshold: Double?
        package var version: String
        package var gradCAMLayer: String?
        /// How the weights are stored; float16 halves the folder and rounds in the fourth digit.
        package var weights: Weights
        /// Stands before "Research use only. Not for diagnosis."
        package var intendedUse: String?

        package enum Weights: String, Sendable, CaseIterable { case float32, float16 }
    }
}

/// Random changes of training examples, drawn anew in each epoch.
package struct AugmentationSettings: Sendable, Equatable {
    package var isEnabled: Bool
    /// Axes along which an example may be mirrored, each with probability 1/2: x, y, z of a volume; x, y of a picture.
    package var flips: Set<Axis>
    /// Degrees: each axis turns by up to so many, either way. A picture has one axis.
    package var rotation: Double
    /// Sizes are multiplied by 1 − scaling to 1 + scaling.
    package var scaling: Double
    /// In units of the normalized intensity: up to so much is added, to each channel another.
    package var intensityShift: Double
    /// Intensities are multiplied by 1 − this to 1 + this, each channel by another.
    package var intensityScaling: Double
    /// Standard deviation of the Gaussian noise, at most (drawn between 0 and this).
    package var noise: Double

    package enum Axis: String, Sendable, CaseIterable { case x, y, z }

    package static let none = AugmentationSettings(
        isEnabled: false, flips: [], rotation: 0, scaling: 0, intensityShift: 0, intensityScaling: 0, noise: 0)
}

/// The loop's numbers.
package struct LearningSettings: Sendable, Equatable {
    package enum OptimizerKind: String, Sendable, CaseIterable { case sgd, adamw }

    package struct Optimizer: Sendable, Equatable {
        package var kind: OptimizerKind
        package var learningRate: Double
        package var momentum: Double
        package var isNesterov: Bool
        package var weightDecay: Double
        /// Keras's: the rate of step t is rate / (1 + decay · t).
        package var decay: Double
        package var beta1: Double
        package var beta2: Double
        package var epsilon: Double
    }

    package enum ClassWeights: Sendable, Equatable {
        case none
        /// Both classes count alike: each by the number of examples over twice its own.
        case balanced
        case given(negative: Double, positive: Double)
    }

    package enum Watched: String, Sendable, CaseIterable {
        /// The testing cohort's area under the ROC curve; the loss decides between equal ones.
        case auc
        /// The testing cohort's loss.
        case loss
    }

    package struct EarlyStopping: Sendable, Equatable {
        package var watch: Watched
        /// Epochs without a better figure after which training ends; 0: never.
        package var patience: Int
    }

    package enum Precision: String, Sendable, CaseIterable {
        case automatic, float32, bfloat16
    }

    package var epochs: Int
    package var batch: Int
    package var seed: UInt64
    package var optimizer: Optimizer
    package var schedule: LearningRateSchedule
    package var classWeights: ClassWeights
    /// How much the auxiliary head's loss counts (Inception-v3); 0: there is none.
    package var auxiliaryWeight: Double
    package var statisticsMomentum: Double
    /// Share of the last features that each training pass leaves out (Inception-v3); torchvision's by default.
    package var dropout: Double
    package var earlyStopping: EarlyStopping
    package var precision: Precision
    /// Seconds between the states that an interrupted run goes on from; the end of each epoch may write one.
    package var checkpointSeconds: Double
}

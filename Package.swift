// swift-tools-version: 6.2
import PackageDescription

/// One list of language settings for every target, so that no room has rules of its own.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let flyingFox = Target.Dependency.product(name: "FlyingFox", package: "FlyingFox")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

/// A room: a library target in `Shared/` or `Services/`.
///
/// A room that walks over voxels or weights is optimized in debug builds, too: its tests take minutes otherwise.
func room(
    _ name: String, at path: String, _ dependencies: [Target.Dependency] = [], isOptimized: Bool = false
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: path,
        swiftSettings: settings + (isOptimized ? [.unsafeFlags(["-O"], .when(configuration: .debug))] : []))
}

/// A service: a library with the stage, and an executable of a few lines named `oncorelay-<name>`.
func service(_ name: String, executable: String, _ dependencies: [Target.Dependency]) -> [Target] {
    [
        .target(
            name: name, dependencies: dependencies + ["ServiceRuntime", "Contracts"],
            path: "Services/\(name)/Stage", swiftSettings: settings),
        .executableTarget(
            name: executable, dependencies: [.target(name: name), "ServiceRuntime"],
            path: "Services/\(name)/Executable", swiftSettings: settings),
    ]
}

/// The tests of one room.
func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", resources: resources,
        swiftSettings: settings)
}

let package = Package(
    name: "OncoRelay",
    products: [
        .executable(name: "oncorelay", targets: ["oncorelay"]),
        .executable(name: "oncorelay-ingestion", targets: ["oncorelay-ingestion"]),
        .executable(name: "oncorelay-preprocessing", targets: ["oncorelay-preprocessing"]),
        .executable(name: "oncorelay-brain-metastasis", targets: ["oncorelay-brain-metastasis"]),
        .executable(name: "oncorelay-lymph-node", targets: ["oncorelay-lymph-node"]),
        .executable(name: "oncorelay-aggregation", targets: ["oncorelay-aggregation"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: ["JSON", "YAML", "CommandLineArguments", "Logging"]),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    ],
    targets: [
        // C: libraries (a module map and a shim each, no logic), and kernels of our own.
        .systemLibrary(
            name: "CRabbitMQ", path: "Shared/C/CRabbitMQ", pkgConfig: "librabbitmq",
            providers: [.apt(["librabbitmq-dev"])]),
        .systemLibrary(
            name: "CHiredis", path: "Shared/C/CHiredis", pkgConfig: "hiredis",
            providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(
            name: "COpenBLAS", path: "Shared/C/COpenBLAS", pkgConfig: "openblas",
            providers: [.apt(["libopenblas-dev"])]),
        .target(name: "CNIfTI", path: "Shared/C/CNIfTI"),
        .systemLibrary(
            name: "CLibdeflate", path: "Shared/C/CLibdeflate", pkgConfig: "libdeflate",
            providers: [.apt(["libdeflate-dev"])]),
        // Where libpng and libjpeg jump to when a file is damaged.
        .target(name: "CImageCodecs", path: "Shared/C/CImageCodecs"),
        // Starts a program with limits, which posix_spawn cannot set.
        .target(name: "CChildProcess", path: "Shared/C/CChildProcess"),
        .systemLibrary(name: "CDNNL", path: "Shared/C/CDNNL", providers: [.apt(["libdnnl-dev"])]),
        // Always optimized: a debug build computes with these, too.
        // Their threads are libgomp's, the pool that oneDNN uses.
        .target(
            name: "CKernels", path: "Shared/C/CKernels", cSettings: [.unsafeFlags(["-O3"])],
            linkerSettings: [.linkedLibrary("gomp")]),
        .systemLibrary(
            name: "CLibcrypto", path: "Shared/C/CLibcrypto", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"])]),

        // Shared rooms, lowest first.
        room("Digests", at: "Shared/Digests", ["CLibcrypto"]),
        room("Contracts", at: "Shared/Contracts", ["Digests"]),
        room("Tensors", at: "Shared/Tensors"),
        room("Statistics", at: "Shared/Statistics"),
        room("Messaging", at: "Shared/Messaging", ["CRabbitMQ"]),
        room("TensorStore", at: "Shared/TensorStore", ["Tensors", "CHiredis"]),
        room("NeuralNetwork", at: "Shared/NeuralNetwork", ["Tensors", "COpenBLAS", "CDNNL", "CKernels"]),
        room(
            "Classifiers", at: "Shared/Classifiers",
            ["NeuralNetwork", "Statistics", "Tensors", "Digests", "Contracts"]),
        room(
            "Imaging", at: "Shared/Imaging",
            ["Tensors", "Contracts", "Digests", "CNIfTI", "CLibdeflate", "CImageCodecs", "CChildProcess"],
            isOptimized: true),
        // The research side: what a cohort is, and cohorts with a known truth.
        room("Datasets", at: "Shared/Datasets", ["Imaging", "Contracts", "Digests", "Tensors"]),
        room(
            "Phantoms", at: "Shared/Phantoms", ["Datasets", "Imaging", "Statistics", "Contracts", "Tensors"],
            isOptimized: true),
        room(
            "Learning", at: "Shared/Learning",
            [
                "Datasets", "Imaging", "NeuralNetwork", "Classifiers", "Statistics", "Contracts", "Tensors", "Digests",
                yams,
            ]),
        room(
            "Evaluation", at: "Shared/Evaluation",
            [
                "Datasets", "Learning", "Statistics", "Classifiers", "NeuralNetwork", "Imaging", "Contracts", "Tensors",
                yams,
            ]),
        room(
            "ServiceRuntime", at: "Shared/ServiceRuntime",
            [
                "Contracts", "Messaging", "TensorStore", "Tensors", configuration, logging, lifecycle, unixSignals,
                flyingFox,
            ]),
        room(
            "Serving", at: "Shared/Serving",
            ["Classifiers", "NeuralNetwork", "ServiceRuntime", "Messaging", "TensorStore", "Tensors", "Contracts"]),
    ]
        + service(
            "Ingestion", executable: "oncorelay-ingestion",
            ["Imaging", "Messaging", "TensorStore", "Tensors", "Digests"])
        + service(
            "Preprocessing", executable: "oncorelay-preprocessing", ["Imaging", "Messaging", "TensorStore", "Tensors"])
        + service(
            "BrainMetastasis", executable: "oncorelay-brain-metastasis",
            ["Serving", "Classifiers", "Messaging", "TensorStore"])
        + service(
            "LymphNode", executable: "oncorelay-lymph-node", ["Serving", "Classifiers", "Messaging", "TensorStore"])
        + service(
            "Aggregation", executable: "oncorelay-aggregation",
            ["Imaging", "TensorStore", "Tensors", "Messaging", grdb, logging, lifecycle])
        + [
            // All stages in one process, for the command line and for tests.
            room(
                "EmbeddedPipeline", at: "Services/EmbeddedPipeline",
                [
                    "Ingestion", "Preprocessing", "BrainMetastasis", "LymphNode", "Aggregation", "ServiceRuntime",
                    "Contracts", "Imaging", "Messaging", "TensorStore", "Tensors", logging,
                ]),
            .executableTarget(
                name: "oncorelay",
                dependencies: [
                    "Aggregation", "Classifiers", "Contracts", "Datasets", "Digests", "EmbeddedPipeline", "Evaluation",
                    "Imaging", "Learning", "Messaging", "NeuralNetwork", "Phantoms", "ServiceRuntime", "Statistics",
                    "TensorStore", "Tensors", argumentParser, logging,
                ],
                path: "Services/CommandLine", swiftSettings: settings),
            .executableTarget(
                name: "oncorelay-benchmark",
                dependencies: ["Contracts", "Messaging", "TensorStore", "Tensors", argumentParser],
                path: "ops/benchmarks/pipeline/Driver", swiftSettings: settings),
            .executableTarget(
                name: "oncorelay-imaging-benchmark", dependencies: ["Imaging", argumentParser],
                path: "ops/benchmarks/imaging/Driver", swiftSettings: settings),
            .executableTarget(
                name: "oncorelay-network-benchmark",
                dependencies: ["Classifiers", "NeuralNetwork", "Tensors", argumentParser],
                path: "ops/benchmarks/networks/Driver", swiftSettings: settings),
            .executableTarget(
                name: "oncorelay-training-benchmark",
                dependencies: ["Learning", "Contracts", "Datasets", "NeuralNetwork", "Tensors", argumentParser],
                path: "ops/benchmarks/training/Driver", swiftSettings: settings),
            .executableTarget(
                name: "oncorelay-fuzz", dependencies: ["Contracts", "Imaging", "Tensors", argumentParser],
                path: "ops/fuzz/Driver", swiftSettings: settings),

            // Tests: a target for each room, then studies through all stages, in memory and over real servers.
            .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
            tests("DigestsTests", ["Digests"]),
            tests("ContractsTests", ["Contracts", "Digests"]),
            tests("TensorsTests", ["Tensors", "TestSupport"]),
            tests("StatisticsTests", ["Statistics"], resources: [.copy("Fixtures")]),
            tests("MessagingTests", ["Messaging", "TestSupport"]),
            tests("TensorStoreTests", ["TensorStore", "Tensors", "TestSupport"]),
            tests("ImagingTests", ["Imaging", "Tensors", "Contracts", "Digests"], resources: [.copy("Fixtures")]),
            tests(
                "LearningTests",
                ["Learning", "Datasets", "Imaging", "NeuralNetwork", "Classifiers", "Contracts", "Tensors"],
                resources: [.copy("Fixtures")]),
            tests(
                "DatasetsTests", ["Datasets", "Imaging", "Tensors", "Contracts"], resources: [.copy("Fixtures")]),
            tests("PhantomsTests", ["Phantoms", "Datasets", "Imaging", "Statistics", "Tensors", "Contracts"]),
            tests("NeuralNetworkTests", ["NeuralNetwork", "Tensors", "CKernels"], resources: [.copy("Fixtures")]),
            tests(
                "ClassifiersTests", ["Classifiers", "NeuralNetwork", "Statistics", "Tensors", "Contracts"],
                resources: [.copy("Fixtures")]),
            tests(
                "EvaluationTests",
                [
                    "Evaluation", "Datasets", "Statistics", "Classifiers", "NeuralNetwork", "Imaging", "Contracts",
                    "Tensors",
                ]),
            tests("ServingTests", ["Serving", "Classifiers", "ServiceRuntime", "Contracts", "Tensors"]),
            tests("ServiceRuntimeTests", ["ServiceRuntime", "Contracts", "Messaging", "TensorStore", logging]),
            tests(
                "AggregationTests",
                [
                    "Aggregation", "ServiceRuntime", "Contracts", "Messaging", "TensorStore", "Tensors", "Imaging",
                    logging, grdb,
                ]),
            tests(
                "CommandLineTests",
                [
                    "oncorelay", "Aggregation", "Classifiers", "Contracts", "Datasets", "Messaging", "NeuralNetwork",
                    "Phantoms",
                    "ServiceRuntime",
                    "TensorStore", "Tensors", argumentParser,
                ]),
            tests(
                "PipelineTests",
                [
                    "EmbeddedPipeline", "Contracts", "Messaging", "ServiceRuntime", "TensorStore", "Tensors", "Imaging",
                    "Classifiers", "NeuralNetwork", "Digests", "TestSupport", "Datasets", "Learning", logging,
                ]),
            tests(
                "IntegrationTests",
                [
                    "Contracts", "Imaging", "Messaging", "ServiceRuntime", "TestSupport", "oncorelay",
                    "oncorelay-ingestion", "oncorelay-preprocessing", "oncorelay-brain-metastasis",
                    "oncorelay-lymph-node", "oncorelay-aggregation",
                ]),
        ]
)

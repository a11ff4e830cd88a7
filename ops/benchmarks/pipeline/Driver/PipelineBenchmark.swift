import ArgumentParser
import Contracts
import Foundation
import Messaging
import Synchronization

/// What the benchmark's script calls.
@main
struct BenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oncorelay-benchmark", abstract: "Measures running services and a running tensor store.",
        subcommands: [PipelineBenchmark.self, TensorBenchmark.self])
}

/// Publishes studies to running services, and measures how many come out a second and how long one takes.
struct PipelineBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "studies",
        abstract: "Measures studies per second through all services, and the time from publish to final result.")

    @Option(help: "Broker to publish to.") var amqpURL: String
    @Option(help: "A study.submitted to publish again and again, each time as another study.") var study: String
    @Option(help: "Studies to publish for the throughput.") var count = 3000
    @Option(help: "Studies in flight at once.") var inFlight = 128
    @Option(help: "Studies to publish one by one for the idle time.") var idleCount = 200
    @Option(help: "Rounds; idle time and throughput alternate.") var rounds = 3

    func run() async throws {
        let broker = try RabbitMQBroker(
            BrokerConfiguration(url: amqpURL, connectionName: "oncorelay-benchmark"))
        let queue = "oncorelay.benchmark.\(UUID().uuidString.lowercased())"
        let administrator = try await broker.makeAdministrator()
        _ = try await administrator.apply(
            TopologyDescription(
                queues: [QueueDescription(name: queue, kind: .classic, expiresMilliseconds: 600_000)],
                bindings: ["result.final.#", "result.partial.#", "result.failed", "result.rejected"].map {
                    BindingDescription(exchange: Exchange.results, queue: queue, routingKey: $0)
                }))
        let body = Array(try Data(contentsOf: URL(fileURLWithPath: study)))
        let template = try EventCoding.decode(StudySubmitted.self, from: body)
        let load = BenchmarkLoad(
            template: template, publisher: try await broker.makePublisher(),
            consumer: try await broker.makeConsumer(queues: [queue], prefetch: 256))
        let listening = Task { try await load.listen() }
        // The first studies warm up connections, caches and the probation of each worker.
        _ = try await load.throughput(count: min(count, 200), inFlight: 16)
        var throughputs: [Double] = []
        var medians: [Double] = []
        var all: [Double] = []
        for round in 1...rounds {
            let times = try await load.idle(count: idleCount)
            let rate = try await load.throughput(count: count, inFlight: inFlight)
            throughputs.append(rate)
            medians.append(Self.quantile(times, 0.5))
            all += times
            FileHandle.standardError.write(
                Data(
                    "round \(round): idle median \(Self.text(medians[round - 1])) ms, \(Self.text(rate)) studies/s\n"
                        .utf8))
        }
        let counts = load.outcomes
        let report = Report(
            studies: count, inFlight: inFlight, rounds: rounds, studiesPerSecond: Self.quantile(throughputs, 0.5),
            studiesPerSecondEachRound: throughputs, idleMedianMilliseconds: Self.quantile(medians, 0.5),
            idleP95Milliseconds: Self.quantile(all, 0.95), outcomes: counts)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        print(String(decoding: try encoder.encode(report), as: UTF8.self))
        listening.cancel()
        try await administrator.deleteQueue(queue)
        await administrator.close()
    }

    private struct Report: Encodable {
        let studies: Int
        let inFlight: Int
        let rounds: Int
        let studiesPerSecond: Double
        let studiesPerSecondEachRound: [Double]
        let idleMedianMilliseconds: Double
        let idleP95Milliseconds: Double
        let outcomes: [String: Int]
    }

    static func quantile(_ values: [Double], _ share: Double) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .nan }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }

    private static func text(_ value: Double) -> String { String(format: "%.1f", value) }
}

import Synchronization

/// What a service still waits for, by dependency: `broker`, `topology`, `store`, `models` …
package final class Readiness: Sendable {
    private let problems = Mutex<[String: String]>([:])
    private let sources = Mutex<[@Sendable () async -> [String: String]]>([])

    private let noticeSources = Mutex<[@Sendable () async -> [String: String]]>([])

    package init() {}

    package func set(_ dependency: String, problem: String) {
        problems.withLock { $0[dependency] = problem }
    }

    package func clear(_ dependency: String) {
        problems.withLock { $0[dependency] = nil }
    }

    /// Adds something to be asked at each probe; it answers with a problem for each dependency that is missing.
    package func ask(_ source: @escaping @Sendable () async -> [String: String]) {
        sources.withLock { $0.append(source) }
    }

    /// Adds something to be asked for what should be looked at although nothing is missing.
    package func askNotices(_ source: @escaping @Sendable () async -> [String: String]) {
        noticeSources.withLock { $0.append(source) }
    }

    /// What should be looked at although nothing is missing.
    package func notices() async -> [String: String] {
        var all: [String: String] = [:]
        for source in noticeSources.withLock({ $0 }) { all.merge(await source()) { first, _ in first } }
        return all
    }

    /// The problems at this moment; empty when the service is ready.
    package func current() async -> [String: String] {
        var all = problems.withLock { $0 }
        for source in sources.withLock({ $0 }) {
            all.merge(await source()) { first, _ in first }
        }
        return all
    }
}

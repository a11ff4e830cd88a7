import Synchronization

/// Counters, gauges and histograms of one process, in Prometheus's text form.
///
/// Names and labels are ours alone (stage, outcome, code): no value of a message ever becomes a label.
package final class MetricsRegistry: Sendable {
    /// A label's name and value.
    package typealias Label = (name: String, value: String)

    /// Upper bounds in seconds; the last bucket is unbounded.
    private static let bounds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    private struct Histogram {
        var counts = [UInt64](repeating: 0, count: MetricsRegistry.bounds.count + 1)
        var sum = 0.0
    }

    private struct State {
        var help: [String: (kind: String, text: String)] = [:]
        var counters: [String: [String: UInt64]] = [:]
        var gauges: [String: [String: Double]] = [:]
        var histograms: [String: [String: Histogram]] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Declares a metric; `kind` is `counter`, `gauge` or `histogram`.
    package func describe(_ name: String, kind: String, _ text: String) {
        state.withLock { $0.help[name] = (kind, text) }
    }

    package func increment(_ name: String, _ labels: [Label] = [], by amount: UInt64 = 1) {
        let key = Self.labelText(labels)
        state.withLock { $0.counters[name, default: [:]][key, default: 0] += amount }
    }

    package func set(_ name: String, _ labels: [Label] = [], to value: Double) {
        let key = Self.labelText(labels)
        state.withLock { $0.gauges[name, default: [:]][key] = value }
    }

    package func add(_ name: String, _ labels: [Label] = [], _ difference: Double) {
        let key = Self.labelText(labels)
        state.withLock { $0.gauges[name, default: [:]][key, default: 0] += difference }
    }

    package func observe(_ name: String, _ labels: [Label] = [], seconds: Double) {
        let key = Self.labelText(labels)
        let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        state.withLock {
            $0.histograms[name, default: [:]][key, default: Histogram()].counts[bucket] += 1
            $0.histograms[name, default: [:]][key, default: Histogram()].sum += seconds
        }
    }

    /// The value of a counter; 0 when it never counted.
    package func counter(_ name: String, _ labels: [Label] = []) -> UInt64 {
        let key = Self.labelText(labels)
        return state.withLock { $0.counters[name]?[key] ?? 0 }
    }

    /// Everything, in the Prometheus text exposition format 0.0.4.
    package func text() -> String {
        let copy = state.withLock { $0 }
        var lines: [String] = []
        let names = Set(copy.help.keys).union(copy.counters.keys).union(copy.gauges.keys).union(copy.histograms.keys)
        for name in names.sorted() {
            if let (kind, text) = copy.help[name] {
                lines.append("# HELP \(name) \(text)")
                lines.append("# TYPE \(name) \(kind)")
            }
            for (labels, value) in (copy.counters[name] ?? [:]).sorted(by: { $0.key < $1.key }) {
                lines.append("\(name)\(Self.braced(labels)) \(value)")
            }
            for (labels, value) in (copy.gauges[name] ?? [:]).sorted(by: { $0.key < $1.key }) {
                lines.append("\(name)\(Self.braced(labels)) \(value)")
            }
            for (labels, histogram) in (copy.histograms[name] ?? [:]).sorted(by: { $0.key < $1.key }) {
                let prefix = labels.isEmpty ? "" : labels + ","
                var total: UInt64 = 0
                for (index, count) in histogram.counts.enumerated() {
                    total += count
                    let bound = index < Self.bounds.count ? "\(Self.bounds[index])" : "+Inf"
                    lines.append("\(name)_bucket{\(prefix)le=\"\(bound)\"} \(total)")
                }
                lines.append("\(name)_sum\(Self.braced(labels)) \(histogram.sum)")
                lines.append("\(name)_count\(Self.braced(labels)) \(total)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func labelText(_ labels: [Label]) -> String {
        labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
    }

    private static func braced(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

    private static func escaped(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == 34 || $0 == 92 || $0 == 10 }) else { return value }
        var text = ""
        for character in value {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
        return text
    }
}

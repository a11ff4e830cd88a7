import ServiceRuntime
import Testing

@Suite struct MetricsTests {
    @Test func textIsInPrometheusForm() {
        let metrics = MetricsRegistry()
        metrics.describe("deliveries_total", kind: "counter", "Deliveries.")
        metrics.increment("deliveries_total", [("outcome", "done")], by: 2)
        metrics.set("in_hand", to: 3)
        metrics.observe("work_seconds", seconds: 0.004)
        metrics.observe("work_seconds", seconds: 100)
        let lines = metrics.text().split(separator: "\n").map(String.init)
        #expect(lines.contains("# TYPE deliveries_total counter"))
        #expect(lines.contains("deliveries_total{outcome=\"done\"} 2"))
        #expect(lines.contains("in_hand 3.0"))
        #expect(lines.contains("work_seconds_bucket{le=\"0.0025\"} 0"))
        #expect(lines.contains("work_seconds_bucket{le=\"0.005\"} 1"))
        #expect(lines.contains("work_seconds_bucket{le=\"+Inf\"} 2"))
        #expect(lines.contains("work_seconds_count 2"))
    }

    @Test func labelValuesAreEscaped() {
        let metrics = MetricsRegistry()
        metrics.increment("a", [("b", "x\"y\\z")])
        #expect(metrics.text().contains("a{b=\"x\\\"y\\\\z\"} 1"))
    }
}

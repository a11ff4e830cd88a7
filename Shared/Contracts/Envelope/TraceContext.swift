/// W3C trace context: `00-<trace id>-<span id>-<flags>`.
package struct TraceContext: Sendable, Equatable {
    /// 32 hexadecimal digits, the same for a study's whole way.
    package let traceID: String
    /// 16 hexadecimal digits, one for each hop.
    package let spanID: String
    /// `01` when sampled.
    package let flags: String

    package init(traceID: String, spanID: String, flags: String) {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags
    }

    /// Reads a `traceparent` value; nil when it is not one (then a new trace begins).
    package init?(traceparent: String) {
        let parts = traceparent.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "00", parts[1].utf8.count == 32, parts[2].utf8.count == 16,
            parts[3].utf8.count == 2,
            parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) } }),
            !parts[1].allSatisfy({ $0 == "0" }), !parts[2].allSatisfy({ $0 == "0" })
        else { return nil }
        traceID = String(parts[1])
        spanID = String(parts[2])
        flags = String(parts[3])
    }

    /// A new trace.
    package static func start() -> TraceContext {
        TraceContext(traceID: randomDigits(2), spanID: randomDigits(1), flags: "01")
    }

    /// The same trace, one hop further.
    package func next() -> TraceContext {
        TraceContext(traceID: traceID, spanID: Self.randomDigits(1), flags: flags)
    }

    package var traceparent: String { "00-\(traceID)-\(spanID)-\(flags)" }

    private static func randomDigits(_ words: Int) -> String {
        var text = ""
        for _ in 0..<words {
            let digits = String(UInt64.random(in: 1...UInt64.max), radix: 16)
            text += String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        return text
    }
}

internal import CDNNL

/// The oneDNN library: its engine, its version, and its statuses as errors.
enum OneDNN {
    /// The processor as oneDNN sees it; lives as long as the process.
    ///
    /// `@unchecked Sendable`: oneDNN's engines are made to be used by several threads.
    private struct Engine: @unchecked Sendable {
        let handle: dnnl_engine_t
    }

    private static let shared: Result<Engine, NeuralNetworkError> = {
        var handle: dnnl_engine_t?
        do throws(NeuralNetworkError) {
            try check(dnnl_engine_create(&handle, dnnl_cpu, 0), "dnnl_engine_create")
            return .success(Engine(handle: try unwrap(handle, "dnnl_engine_create")))
        } catch {
            return .failure(error)
        }
    }()

    /// - Throws: `NeuralNetworkError.backendFailure` where oneDNN does not work at all.
    static func engine() throws(NeuralNetworkError) -> dnnl_engine_t { try shared.get().handle }

    /// The library's version, such as `2.6.3`.
    static var version: String {
        guard let version = dnnl_version()?.pointee else { return "unknown" }
        return "\(version.major).\(version.minor).\(version.patch)"
    }

    /// Turns a status into an error that names the call.
    static func check(_ status: dnnl_status_t, _ call: String) throws(NeuralNetworkError) {
        guard status != dnnl_success else { return }
        if status == dnnl_out_of_memory { throw .outOfMemory(bytes: nil) }
        throw .backendFailure(call: call, status: String(cString: dnnl_status2str(status)))
    }

    static func unwrap<Value>(_ value: Value?, _ call: String) throws(NeuralNetworkError) -> Value {
        guard let value else { throw .backendFailure(call: call, status: "it gave nothing") }
        return value
    }

    /// Calls a function with numbers as oneDNN's dimensions.
    static func withDimensions<Result>(_ numbers: [Int], _ body: (UnsafePointer<Int64>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: Int(DNNL_MAX_NDIMS)) { buffer in
            buffer.initialize(repeating: 0)
            for (index, number) in numbers.enumerated() { buffer[index] = Int64(number) }
            return body(buffer.baseAddress!)
        }
    }
}

/// The order in which primitives are executed; belongs to one thread at a time.
final class OneDNNStream {
    let handle: dnnl_stream_t

    init() throws(NeuralNetworkError) {
        var handle: dnnl_stream_t?
        try OneDNN.check(
            dnnl_stream_create(&handle, try OneDNN.engine(), dnnl_stream_default_flags.rawValue), "dnnl_stream_create")
        self.handle = try OneDNN.unwrap(handle, "dnnl_stream_create")
    }

    deinit { dnnl_stream_destroy(handle) }
}

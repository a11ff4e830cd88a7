internal import CDNNL

/// oneDNN's CPU engine and stream, and what its calls answer.
final class TrainingLibrary {
    let engine: dnnl_engine_t
    let stream: dnnl_stream_t

    /// - Throws: `TrainingError.library`.
    init() throws(TrainingError) {
        var engine: dnnl_engine_t?
        try Self.check(dnnl_engine_create(&engine, dnnl_cpu, 0), "create an engine")
        guard let engine else { throw .library(operation: "create an engine", status: 0) }
        var stream: dnnl_stream_t?
        let status = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags.rawValue)
        guard status == dnnl_success, let stream else {
            dnnl_engine_destroy(engine)
            throw .library(operation: "create a stream", status: Int(status.rawValue))
        }
        self.engine = engine
        self.stream = stream
    }

    deinit {
        dnnl_stream_destroy(stream)
        dnnl_engine_destroy(engine)
    }

    static func check(_ status: dnnl_status_t, _ operation: String) throws(TrainingError) {
        guard status == dnnl_success else { throw .library(operation: operation, status: Int(status.rawValue)) }
    }

    static func dimensions(_ numbers: [Int]) -> [Int64] { numbers.map(Int64.init) }

    /// A dense tensor of the given order.
    static func descriptor(
        _ dimensions: [Int], _ type: dnnl_data_type_t, _ tag: dnnl_format_tag_t
    ) throws(TrainingError) -> dnnl_memory_desc_t {
        var descriptor = dnnl_memory_desc_t()
        let status = dnnl_memory_desc_init_by_tag(
            &descriptor, Int32(dimensions.count), Self.dimensions(dimensions), type, tag)
        try check(status, "describe a tensor")
        return descriptor
    }
}

/// What a primitive will do: which code it takes, and the orders of its tensors.
final class TrainingPrimitiveDescriptor {
    let handle: dnnl_primitive_desc_t

    init(adopting handle: dnnl_primitive_desc_t) { self.handle = handle }

    deinit { dnnl_primitive_desc_destroy(handle) }

    func memory(_ query: dnnl_query_t) -> dnnl_memory_desc_t? {
        dnnl_primitive_desc_query_md(handle, query, 0)?.pointee
    }

    /// Whether this is plain code that is there for correctness only.
    var isReference: Bool { implementation.hasPrefix("ref") }

    /// The name of the code that it takes: `jit:avx512_core`.
    var implementation: String {
        var text: UnsafePointer<CChar>?
        guard dnnl_primitive_desc_query(handle, dnnl_query_impl_info_str, 0, &text) == dnnl_success, let text else {
            return "unknown"
        }
        return String(cString: text)
    }
}

/// A computation bound to its memory.
final class TrainingPrimitive {
    private let library: TrainingLibrary
    private let handle: dnnl_primitive_t
    private var arguments: [dnnl_exec_arg_t] = []

    /// - Throws: `TrainingError.library`.
    init(_ descriptor: TrainingPrimitiveDescriptor, _ library: TrainingLibrary) throws(TrainingError) {
        var handle: dnnl_primitive_t?
        try TrainingLibrary.check(dnnl_primitive_create(&handle, descriptor.handle), "create a primitive")
        guard let handle else { throw .library(operation: "create a primitive", status: 0) }
        self.handle = handle
        self.library = library
    }

    /// A copy of a tensor into another order.
    ///
    /// - Throws: `TrainingError.library`.
    convenience init(
        reordering source: dnnl_memory_desc_t, _ from: UnsafeMutableRawPointer, to target: dnnl_memory_desc_t,
        _ to: UnsafeMutableRawPointer, _ library: TrainingLibrary
    ) throws(TrainingError) {
        var handle: dnnl_primitive_desc_t?
        var (source, target) = (source, target)
        let status = dnnl_reorder_primitive_desc_create(
            &handle, &source, library.engine, &target, library.engine, nil)
        try TrainingLibrary.check(status, "reorder weights")
        guard let handle else { throw .library(operation: "reorder weights", status: 0) }
        try self.init(TrainingPrimitiveDescriptor(adopting: handle), library)
        try bind(DNNL_ARG_FROM, source, from)
        try bind(DNNL_ARG_TO, target, to)
    }

    deinit {
        for argument in arguments { dnnl_memory_destroy(argument.memory) }
        dnnl_primitive_destroy(handle)
    }

    func bind(
        _ argument: Int32, _ descriptor: dnnl_memory_desc_t, _ pointer: UnsafeMutableRawPointer
    ) throws(TrainingError) {
        var memory: dnnl_memory_t?
        var descriptor = descriptor
        try TrainingLibrary.check(
            dnnl_memory_create(&memory, &descriptor, library.engine, pointer), "bind memory")
        arguments.append(dnnl_exec_arg_t(arg: argument, memory: memory))
    }

    func run() throws(TrainingError) {
        let status = dnnl_primitive_execute(handle, library.stream, Int32(arguments.count), arguments)
        try TrainingLibrary.check(status, "execute a primitive")
        try TrainingLibrary.check(dnnl_stream_wait(library.stream), "wait for a primitive")
    }
}

internal import CDNNL

/// A description of a computation together with one implementation that the library has for it.
final class PrimitiveDescriptor {
    let handle: dnnl_primitive_desc_t

    init(adopting handle: dnnl_primitive_desc_t) { self.handle = handle }

    deinit { dnnl_primitive_desc_destroy(handle) }

    /// The library's name for the implementation, such as `brgconv:avx512_core`.
    var implementation: String {
        var name: UnsafePointer<CChar>?
        let status = withUnsafeMutablePointer(to: &name) {
            dnnl_primitive_desc_query(handle, dnnl_query_impl_info_str, 0, $0)
        }
        guard status == dnnl_success, let name else { return "unknown" }
        return String(cString: name)
    }

    /// Whether this is plain code that is there for correctness only.
    var isReference: Bool { implementation.hasPrefix("ref") }

    func memory(_ query: dnnl_query_t) throws(NeuralNetworkError) -> MemoryDescriptor {
        guard let descriptor = dnnl_primitive_desc_query_md(handle, query, 0) else {
            throw .backendFailure(call: "dnnl_primitive_desc_query_md", status: "no descriptor \(query.rawValue)")
        }
        return MemoryDescriptor(descriptor.pointee)
    }

    var scratchByteCount: Int { (try? memory(dnnl_query_scratchpad_md).byteCount) ?? 0 }

    /// Every implementation that the library has for an operation, its own choice first, its plain code last.
    ///
    /// `operation`: a `dnnl_..._desc_t`.
    /// `hint`: the forward computation, for a backward one.
    static func implementations<Operation>(
        of operation: Operation, attributes: PrimitiveAttributes, hint: PrimitiveDescriptor? = nil
    ) throws(NeuralNetworkError) -> [PrimitiveDescriptor] {
        let engine = try OneDNN.engine()
        var iterator: dnnl_primitive_desc_iterator_t?
        let status = withUnsafePointer(to: operation) {
            dnnl_primitive_desc_iterator_create(&iterator, $0, attributes.handle, engine, hint?.handle)
        }
        if status == dnnl_unimplemented { return [] }
        try OneDNN.check(status, "dnnl_primitive_desc_iterator_create")
        let steps = try OneDNN.unwrap(iterator, "dnnl_primitive_desc_iterator_create")
        defer { dnnl_primitive_desc_iterator_destroy(steps) }
        var found: [PrimitiveDescriptor] = []
        var plain: [PrimitiveDescriptor] = []
        repeat {
            guard let handle = dnnl_primitive_desc_iterator_fetch(steps) else { break }
            let descriptor = PrimitiveDescriptor(adopting: handle)
            if descriptor.isReference { plain.append(descriptor) } else { found.append(descriptor) }
        } while dnnl_primitive_desc_iterator_next(steps) == dnnl_success
        return found + plain
    }
}

/// What is done to results before they are stored.
final class PrimitiveAttributes {
    enum PostOperation {
        /// Adds what lies at the place of the result.
        case sum
        case rectification
    }

    let handle: dnnl_primitive_attr_t

    init(_ operations: [PostOperation] = []) throws(NeuralNetworkError) {
        var handle: dnnl_primitive_attr_t?
        try OneDNN.check(dnnl_primitive_attr_create(&handle), "dnnl_primitive_attr_create")
        self.handle = try OneDNN.unwrap(handle, "dnnl_primitive_attr_create")
        try OneDNN.check(
            dnnl_primitive_attr_set_scratchpad_mode(self.handle, dnnl_scratchpad_mode_user),
            "dnnl_primitive_attr_set_scratchpad_mode")
        guard !operations.isEmpty else { return }
        var chain: dnnl_post_ops_t?
        try OneDNN.check(dnnl_post_ops_create(&chain), "dnnl_post_ops_create")
        let operationsChain = try OneDNN.unwrap(chain, "dnnl_post_ops_create")
        defer { dnnl_post_ops_destroy(operationsChain) }
        for operation in operations {
            switch operation {
            case .sum: try OneDNN.check(dnnl_post_ops_append_sum(operationsChain, 1), "dnnl_post_ops_append_sum")
            case .rectification:
                try OneDNN.check(
                    dnnl_post_ops_append_eltwise(operationsChain, 1, dnnl_eltwise_relu, 0, 0),
                    "dnnl_post_ops_append_eltwise")
            }
        }
        try OneDNN.check(
            dnnl_primitive_attr_set_post_ops(self.handle, operationsChain), "dnnl_primitive_attr_set_post_ops")
    }

    deinit { dnnl_primitive_attr_destroy(handle) }
}

/// A computation bound to its memory.
final class Primitive {
    private let handle: dnnl_primitive_t
    private var memories: [dnnl_memory_t] = []
    private var arguments: [dnnl_exec_arg_t] = []

    init(_ descriptor: PrimitiveDescriptor) throws(NeuralNetworkError) {
        var handle: dnnl_primitive_t?
        try OneDNN.check(dnnl_primitive_create(&handle, descriptor.handle), "dnnl_primitive_create")
        self.handle = try OneDNN.unwrap(handle, "dnnl_primitive_create")
    }

    deinit {
        for memory in memories { dnnl_memory_destroy(memory) }
        dnnl_primitive_destroy(handle)
    }

    /// Says where an argument lies. The memory must outlive the primitive.
    func bind(
        _ argument: Int32, _ descriptor: MemoryDescriptor, _ pointer: UnsafeRawPointer
    ) throws(NeuralNetworkError) {
        var memory: dnnl_memory_t?
        var value = descriptor.value
        try OneDNN.check(
            dnnl_memory_create(&memory, &value, try OneDNN.engine(), UnsafeMutableRawPointer(mutating: pointer)),
            "dnnl_memory_create")
        let bound = try OneDNN.unwrap(memory, "dnnl_memory_create")
        memories.append(bound)
        arguments.append(dnnl_exec_arg_t(arg: argument, memory: bound))
    }

    /// Moves the argument that was bound first or later, by its position, to another place.
    func move(argumentAt index: Int, to pointer: UnsafeRawPointer) throws(NeuralNetworkError) {
        try OneDNN.check(
            dnnl_memory_set_data_handle_v2(memories[index], UnsafeMutableRawPointer(mutating: pointer), nil),
            "dnnl_memory_set_data_handle")
    }

    func execute(_ stream: OneDNNStream) throws(NeuralNetworkError) {
        try OneDNN.check(
            dnnl_primitive_execute(handle, stream.handle, Int32(arguments.count), arguments), "dnnl_primitive_execute")
        try OneDNN.check(dnnl_stream_wait(stream.handle), "dnnl_stream_wait")
    }
}

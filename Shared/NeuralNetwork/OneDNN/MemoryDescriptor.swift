internal import CDNNL

/// How a tensor lies in memory, for oneDNN.
struct MemoryDescriptor: Hashable {
    /// An order of axes, or the library's choice.
    enum Order {
        /// Items, channels, positions: as every deep-learning framework hands tensors over.
        case planar
        /// Items, positions, channels.
        case channelsLast
        /// Whatever the primitive computes fastest with.
        case any
    }

    var value: dnnl_memory_desc_t

    /// `dimensions`: items and channels, or outputs and inputs, and two or three spatial axes; or one axis.
    init(_ dimensions: [Int], _ type: ActivationType, _ order: Order) throws(NeuralNetworkError) {
        let tag: dnnl_format_tag_t
        switch (order, dimensions.count) {
        case (.any, _): tag = dnnl_format_tag_any
        case (_, 1): tag = dnnl_a
        case (.planar, 4): tag = dnnl_abcd
        case (.planar, 5): tag = dnnl_abcde
        case (.channelsLast, 4): tag = dnnl_acdb
        case (.channelsLast, 5): tag = dnnl_acdeb
        default: throw .backendFailure(call: "MemoryDescriptor", status: "\(dimensions.count) axes")
        }
        var value = dnnl_memory_desc_t()
        let status = OneDNN.withDimensions(dimensions) {
            dnnl_memory_desc_init_by_tag(&value, Int32(dimensions.count), $0, type.oneDNN, tag)
        }
        try OneDNN.check(status, "dnnl_memory_desc_init_by_tag")
        self.value = value
    }

    init(_ value: dnnl_memory_desc_t) { self.value = value }

    var byteCount: Int { withUnsafePointer(to: value) { dnnl_memory_desc_get_size($0) } }

    static func == (lhs: MemoryDescriptor, rhs: MemoryDescriptor) -> Bool {
        withUnsafePointer(to: lhs.value) { left in
            withUnsafePointer(to: rhs.value) { right in dnnl_memory_desc_equal(left, right) != 0 }
        }
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(value.ndims)
        hasher.combine(value.data_type.rawValue)
        hasher.combine(value.dims.0)
        hasher.combine(value.dims.1)
        hasher.combine(byteCount)
    }
}

extension ActivationType {
    var oneDNN: dnnl_data_type_t {
        switch self {
        case .float32: dnnl_f32
        case .bfloat16: dnnl_bf16
        }
    }
}

internal import CDNNL

/// A convolution as oneDNN takes it: with or without a depth axis.
struct OneDNNConvolution {
    var source: MemoryDescriptor
    var weights: MemoryDescriptor
    var result: MemoryDescriptor
    var bias: MemoryDescriptor
    private let strides: [Int]
    private let dilations: [Int]
    private let padding: [Int]
    /// Sizes of the weights: outputs, inputs, kernel.
    let weightDimensions: [Int]

    /// `convolution`: whose channels may be fewer than those given here.
    /// `input`: positions of one item.
    /// `resultType`: the type of the results, where it is not that of the input.
    init(
        _ convolution: Convolution, batch: Int, inputChannels: Int, outputChannels: Int, input: Extent,
        type: ActivationType, resultType: ActivationType? = nil
    ) throws(NeuralNetworkError) {
        // A flat convolution has faster code without its depth axis.
        let isFlat = input.depth == 1 && convolution.kernel.depth == 1 && convolution.padding.depth == 0
        let rank = isFlat ? 2 : 3
        let output = convolution.outputExtent(of: input)
        let kernel = convolution.kernel.components(rank: rank)
        let dilation = convolution.dilation.components(rank: rank)
        strides = convolution.stride.components(rank: rank)
        dilations = dilation.map { $0 - 1 }
        let padding = convolution.padding.components(rank: rank)
        self.padding = padding
        let inputs = input.components(rank: rank)
        let outputs = output.components(rank: rank)
        weightDimensions = [outputChannels, inputChannels] + kernel
        source = try MemoryDescriptor([batch, inputChannels] + inputs, type, .channelsLast)
        weights = try MemoryDescriptor(weightDimensions, type, .any)
        result = try MemoryDescriptor([batch, outputChannels] + outputs, resultType ?? type, .channelsLast)
        bias = try MemoryDescriptor([outputChannels], .float32, .planar)
    }

    func forward(_ attributes: PrimitiveAttributes) throws(NeuralNetworkError) -> [PrimitiveDescriptor] {
        var operation = dnnl_convolution_desc_t()
        var (source, weights, result, bias) = (source.value, weights.value, result.value, bias.value)
        let status = withGeometry { strides, dilations, before, after in
            dnnl_dilated_convolution_forward_desc_init(
                &operation, dnnl_forward_inference, dnnl_convolution_direct, &source, &weights, &bias, &result,
                strides, dilations, before, after)
        }
        try OneDNN.check(status, "dnnl_dilated_convolution_forward_desc_init")
        return try PrimitiveDescriptor.implementations(of: operation, attributes: attributes)
    }

    /// The derivative by the input. The gradient of the input may have another type than that of the result.
    func backwardData(
        gradientType: ActivationType, _ attributes: PrimitiveAttributes
    ) throws(NeuralNetworkError) -> [PrimitiveDescriptor] {
        guard let hint = try trainingHint(attributes) else { return [] }
        var operation = dnnl_convolution_desc_t()
        var (source, weights, result) = (source.value, weights.value, result.value)
        source.data_type = gradientType.oneDNN
        let status = withGeometry { strides, dilations, before, after in
            dnnl_dilated_convolution_backward_data_desc_init(
                &operation, dnnl_convolution_direct, &source, &weights, &result, strides, dilations, before, after)
        }
        try OneDNN.check(status, "dnnl_dilated_convolution_backward_data_desc_init")
        return try PrimitiveDescriptor.implementations(of: operation, attributes: attributes, hint: hint)
    }

    private func trainingHint(_ attributes: PrimitiveAttributes) throws(NeuralNetworkError) -> PrimitiveDescriptor? {
        var operation = dnnl_convolution_desc_t()
        var (source, weights, result) = (source.value, weights.value, result.value)
        let status = withGeometry { strides, dilations, before, after in
            dnnl_dilated_convolution_forward_desc_init(
                &operation, dnnl_forward_training, dnnl_convolution_direct, &source, &weights, nil, &result, strides,
                dilations, before, after)
        }
        try OneDNN.check(status, "dnnl_dilated_convolution_forward_desc_init")
        var handle: dnnl_primitive_desc_t?
        let created = dnnl_primitive_desc_create(&handle, &operation, attributes.handle, try OneDNN.engine(), nil)
        guard created == dnnl_success, let handle else { return nil }
        return PrimitiveDescriptor(adopting: handle)
    }

    private func withGeometry(
        _ body: (UnsafePointer<Int64>, UnsafePointer<Int64>, UnsafePointer<Int64>, UnsafePointer<Int64>) ->
            dnnl_status_t
    ) -> dnnl_status_t {
        OneDNN.withDimensions(strides) { strides in
            OneDNN.withDimensions(dilations) { dilations in
                OneDNN.withDimensions(padding) { padding in body(strides, dilations, padding, padding) }
            }
        }
    }
}

/// Copies a tensor into another layout or type.
enum Reorder {
    static func make(
        from source: MemoryDescriptor, _ pointer: UnsafeRawPointer, to result: MemoryDescriptor,
        _ target: UnsafeMutableRawPointer
    ) throws(NeuralNetworkError) -> Primitive {
        var handle: dnnl_primitive_desc_t?
        let engine = try OneDNN.engine()
        var (from, to) = (source.value, result.value)
        try OneDNN.check(
            dnnl_reorder_primitive_desc_create(&handle, &from, engine, &to, engine, nil),
            "dnnl_reorder_primitive_desc_create")
        let descriptor = PrimitiveDescriptor(
            adopting: try OneDNN.unwrap(handle, "dnnl_reorder_primitive_desc_create"))
        let primitive = try Primitive(descriptor)
        try primitive.bind(DNNL_ARG_FROM, source, pointer)
        try primitive.bind(DNNL_ARG_TO, result, target)
        return primitive
    }
}

internal import CDNNL

extension BlockedConvolution {
    /// A convolution in oneDNN's terms.
    struct Geometry {
        let source: dnnl_memory_desc_t
        let result: dnnl_memory_desc_t
        /// Of the working weights: any order.
        let weights: dnnl_memory_desc_t
        /// Of the parameter itself and its gradient, float32; see `BlockedWeightLayout`.
        let master: dnnl_memory_desc_t
        /// Of a gradient by the weights, float32, in any order.
        let anyGradient: dnnl_memory_desc_t
        let bias: dnnl_memory_desc_t
        private let strides: [Int64]
        private let dilations: [Int64]
        private let padding: [Int64]
        private let paddingAfter: [Int64]
        private let hasBias: Bool

        init(
            _ convolution: Convolution, rank: Int, batch: Int, inputExtent: Extent, type: BlockedType,
            isPlanar: Bool, hasBias: Bool
        ) throws(TrainingError) {
            let outputExtent = convolution.outputExtent(of: inputExtent)
            let kernel = convolution.kernel.components(rank: rank)
            // Whole blocks of bfloat16: the library has fast code for them alone, and what they hold beyond the channels
            // is zero. In float32 the order of its sums stays as it is for the exact channels.
            func padded(_ channels: Int) -> Int { type == .bfloat16 ? (channels + 15) / 16 * 16 : channels }
            let inputs = isPlanar ? convolution.inputChannels : padded(convolution.inputChannels)
            let outputs = padded(convolution.outputChannels)
            let number = type == .float32 ? dnnl_f32 : dnnl_bf16
            let blocked = rank == 2 ? dnnl_aBcd16b : dnnl_aBcde16b
            let planar = rank == 2 ? dnnl_abcd : dnnl_abcde
            source = try TrainingLibrary.descriptor(
                [batch, inputs] + inputExtent.components(rank: rank), number, isPlanar ? planar : blocked)
            result = try TrainingLibrary.descriptor(
                [batch, outputs] + outputExtent.components(rank: rank), number, blocked)
            weights = try TrainingLibrary.descriptor([outputs, inputs] + kernel, number, dnnl_format_tag_any)
            let tiles = rank == 2 ? dnnl_ABcd16b16a : dnnl_ABcde16b16a
            let rows = rank == 2 ? dnnl_Abcd16a : dnnl_Abcde16a
            master = try TrainingLibrary.descriptor([outputs, inputs] + kernel, dnnl_f32, isPlanar ? rows : tiles)
            anyGradient = try TrainingLibrary.descriptor([outputs, inputs] + kernel, dnnl_f32, dnnl_format_tag_any)
            bias = try TrainingLibrary.descriptor([outputs], dnnl_f32, dnnl_a)
            strides = TrainingLibrary.dimensions(convolution.stride.components(rank: rank))
            dilations = TrainingLibrary.dimensions(convolution.dilation.components(rank: rank).map { $0 - 1 })
            padding = TrainingLibrary.dimensions(convolution.padding.components(rank: rank))
            paddingAfter = padding
            self.hasBias = hasBias
        }

        private func make(
            _ operation: inout dnnl_convolution_desc_t, _ status: dnnl_status_t, hint: dnnl_primitive_desc_t?,
            _ library: TrainingLibrary
        ) throws(TrainingError) -> TrainingPrimitiveDescriptor {
            try TrainingLibrary.check(status, "describe a convolution")
            var handle: dnnl_primitive_desc_t?
            let created = dnnl_primitive_desc_create(&handle, &operation, nil, library.engine, hint)
            try TrainingLibrary.check(created, "choose a convolution's code")
            guard let handle else { throw .library(operation: "choose a convolution's code", status: 0) }
            return TrainingPrimitiveDescriptor(adopting: handle)
        }

        func forward(
            _ library: TrainingLibrary, _ weights: dnnl_memory_desc_t
        ) throws(TrainingError) -> TrainingPrimitiveDescriptor {
            var operation = dnnl_convolution_desc_t()
            var (source, weights, bias, result) = (source, weights, bias, result)
            let status = withUnsafePointer(to: &bias) { bias in
                dnnl_dilated_convolution_forward_desc_init(
                    &operation, dnnl_forward_training, dnnl_convolution_direct, &source, &weights,
                    hasBias ? bias : nil, &result, strides, dilations, padding, paddingAfter)
            }
            return try make(&operation, status, hint: nil, library)
        }

        func backwardData(
            _ library: TrainingLibrary, hint: TrainingPrimitiveDescriptor
        ) throws(TrainingError) -> TrainingPrimitiveDescriptor {
            var operation = dnnl_convolution_desc_t()
            var (source, weights, result) = (source, weights, result)
            let status = dnnl_dilated_convolution_backward_data_desc_init(
                &operation, dnnl_convolution_direct, &source, &weights, &result, strides, dilations, padding,
                paddingAfter)
            return try make(&operation, status, hint: hint.handle, library)
        }

        /// `order` is that of the weights' gradient: `master`, or any that the library likes.
        func backwardWeights(
            _ library: TrainingLibrary, order: dnnl_memory_desc_t, hint: TrainingPrimitiveDescriptor
        ) throws(TrainingError) -> TrainingPrimitiveDescriptor {
            var operation = dnnl_convolution_desc_t()
            var (source, order, bias, result) = (source, order, bias, result)
            let status = withUnsafePointer(to: &bias) { bias in
                dnnl_dilated_convolution_backward_weights_desc_init(
                    &operation, dnnl_convolution_direct, &source, &order, hasBias ? bias : nil, &result, strides,
                    dilations, padding, paddingAfter)
            }
            return try make(&operation, status, hint: hint.handle, library)
        }
    }
}

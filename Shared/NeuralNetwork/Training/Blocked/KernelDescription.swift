internal import CKernels

extension ork_convolution {
    /// A convolution as the kernels of ours take it, without algorithm, types and strides.
    init(
        _ convolution: Convolution, inputChannels: Int, inputExtent: Extent, output: BlockedShape
    ) {
        self.init()
        batch = Int32(output.batch)
        in_channels = Int32(inputChannels)
        out_channels = Int32(output.blocks * 16)
        in_size = inputExtent.triple
        out_size = output.layer.extent.triple
        kernel = convolution.kernel.triple
        stride = convolution.stride.triple
        padding = convolution.padding.triple
        dilation = convolution.dilation.triple
    }
}

extension BlockedShape {
    /// Where a value of this shape, or the gradient by it, lies.
    func strides(_ view: BlockedView) -> ork_strides {
        ork_strides(item: Int64(view.itemStride), block: Int64(positions * 16), pixel: 16)
    }
}

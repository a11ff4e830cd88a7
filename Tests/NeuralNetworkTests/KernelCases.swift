/// The shapes that tell kernels apart: batches, edges, strides, lengths of transforms, numbers of threads.
extension KernelCase {
    static let directCases = [
        KernelCase(inputs: 16, outputs: 16, size: [1, 1, 1], kernel: [1, 1, 1]),
        KernelCase(batch: 2, inputs: 5, outputs: 7, size: [1, 9, 11], kernel: [1, 3, 3], padding: [0, 1, 1]),
        KernelCase(
            inputs: 48, outputs: 80, size: [1, 5, 31], kernel: [1, 1, 7], padding: [0, 0, 3], hasResidual: true),
        KernelCase(
            inputs: 33, outputs: 48, size: [1, 17, 17], kernel: [1, 7, 1], padding: [0, 3, 0], channelsLast: true),
        KernelCase(inputs: 32, outputs: 40, size: [1, 13, 35], kernel: [1, 3, 3], stride: [1, 2, 2], relu: true),
        KernelCase(
            batch: 5, inputs: 20, outputs: 33, size: [2, 3, 5], kernel: [2, 3, 3], stride: [2, 1, 2],
            padding: [1, 1, 1],
            channelsLast: true, hasResidual: true, relu: true, threads: 3),
        KernelCase(
            inputs: 16, outputs: 32, size: [7, 6, 9], kernel: [3, 3, 3], padding: [2, 2, 2], dilation: [2, 2, 2]),
        KernelCase(
            inputs: 272, outputs: 16, size: [2, 2, 2], kernel: [3, 3, 3], padding: [1, 1, 1], hasResidual: true),
        KernelCase(batch: 3, inputs: 1100, outputs: 48, size: [1, 3, 3], kernel: [1, 1, 1], relu: true, threads: 4),
    ]

    static let winogradCases = [
        KernelCase(
            batch: 2, inputs: 17, outputs: 48, size: [1, 9, 12], kernel: [1, 3, 3], padding: [0, 1, 1], relu: true),
        KernelCase(
            inputs: 32, outputs: 16, size: [1, 7, 10], kernel: [1, 5, 5], padding: [0, 2, 2], channelsLast: true),
        KernelCase(
            inputs: 16, outputs: 32, size: [1, 5, 17], kernel: [1, 1, 7], padding: [0, 0, 3], hasResidual: true),
        KernelCase(inputs: 16, outputs: 33, size: [1, 11, 3], kernel: [1, 7, 1], padding: [0, 3, 0]),
        KernelCase(
            batch: 2, inputs: 24, outputs: 48, size: [5, 6, 7], kernel: [3, 3, 3], padding: [1, 1, 1],
            channelsLast: true,
            hasResidual: true, relu: true, threads: 3),
        // So many tiles that a slice of points is multiplied at a time; planes as long as wide, and not.
        KernelCase(
            inputs: 16, outputs: 16, size: [13, 14, 15], kernel: [3, 3, 3], padding: [1, 1, 1], hasResidual: true,
            relu: true, threads: 2),
        KernelCase(inputs: 16, outputs: 16, size: [5, 9, 9], kernel: [3, 5, 7], padding: [1, 2, 3]),
        // As many along the depth alone, where a slice is one point.
        KernelCase(inputs: 16, outputs: 16, size: [8, 24, 24], kernel: [3, 1, 1], padding: [1, 0, 0]),
        KernelCase(inputs: 16, outputs: 16, size: [9, 20, 21], kernel: [7, 1, 1], padding: [3, 0, 0]),
    ]

    static let stridedCases = [
        KernelCase(
            inputs: 16, outputs: 16, size: [4, 4, 4], kernel: [3, 3, 3], stride: [2, 2, 2], padding: [1, 1, 1],
            threads: 1),
        KernelCase(
            batch: 2, inputs: 40, outputs: 72, size: [7, 9, 12], kernel: [3, 3, 3], stride: [2, 2, 2],
            padding: [1, 1, 1], channelsLast: true, hasResidual: true, relu: true, threads: 3),
        KernelCase(
            inputs: 20, outputs: 30, size: [1, 2, 5], kernel: [3, 3, 3], stride: [2, 2, 2], padding: [1, 1, 1],
            relu: true),
        // So many tiles that a slice of points is multiplied at a time.
        KernelCase(
            inputs: 16, outputs: 16, size: [21, 25, 27], kernel: [3, 3, 3], stride: [2, 2, 2], padding: [1, 1, 1]),
    ]

    static let planarCases = [
        KernelCase(
            inputs: 3, outputs: 16, size: [9, 8, 11], kernel: [7, 7, 7], stride: [2, 2, 2], padding: [3, 3, 3]),
        KernelCase(
            batch: 2, inputs: 1, outputs: 32, size: [6, 7, 5], kernel: [7, 7, 7], padding: [3, 3, 3],
            channelsLast: true,
            relu: true),
        KernelCase(
            inputs: 3, outputs: 32, size: [1, 21, 19], kernel: [1, 3, 3], stride: [1, 2, 2], hasResidual: true),
        // Deep enough for the longest transforms.
        KernelCase(
            inputs: 2, outputs: 16, size: [31, 9, 10], kernel: [7, 7, 7], stride: [2, 2, 2], padding: [3, 3, 3],
            hasResidual: true, relu: true),
        // As deep, with planes whose transforms leave no room for those.
        KernelCase(
            inputs: 1, outputs: 16, size: [31, 9, 10], kernel: [7, 9, 9], stride: [2, 2, 2], padding: [3, 4, 4]),
        // Rows long enough for eight positions at a time.
        KernelCase(
            inputs: 3, outputs: 16, size: [4, 5, 45], kernel: [7, 7, 7], stride: [2, 2, 2], padding: [3, 3, 3]),
        KernelCase(
            batch: 2, inputs: 2, outputs: 16, size: [5, 6, 41], kernel: [5, 5, 5], stride: [2, 2, 2],
            padding: [2, 2, 2]),
        // More planes than are transformed together.
        KernelCase(
            batch: 2, inputs: 7, outputs: 16, size: [9, 10, 13], kernel: [3, 3, 3], stride: [2, 2, 2],
            padding: [1, 1, 1], hasResidual: true),
        KernelCase(
            inputs: 5, outputs: 32, size: [6, 9, 7], kernel: [7, 7, 7], stride: [2, 2, 2], padding: [3, 3, 3]),
    ]

    /// Rows that are longer than eight taps, dilated, more channels than a block.
    static let columnCases = [
        KernelCase(
            inputs: 8, outputs: 16, size: [3, 5, 40], kernel: [2, 3, 11], stride: [1, 1, 3], padding: [1, 1, 5]),
        KernelCase(
            batch: 2, inputs: 2, outputs: 48, size: [1, 9, 17], kernel: [1, 3, 3], padding: [0, 2, 2],
            dilation: [1, 2, 2]),
    ]
}

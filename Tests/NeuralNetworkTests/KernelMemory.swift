import CKernels

/// Aligned memory with numbers of either type.
final class KernelMemory {
    let pointer: UnsafeMutableRawPointer
    private let type: ork_type

    init(bytes: Int) {
        pointer = .allocate(byteCount: max(bytes, 64), alignment: 64)
        pointer.initializeMemory(as: UInt8.self, repeating: 0xff, count: max(bytes, 64))
        type = ORK_F32
    }

    init(_ numbers: [Float], type: ork_type) {
        pointer = .allocate(byteCount: max(numbers.count * 4, 64), alignment: 64)
        self.type = type
        for (index, number) in numbers.enumerated() {
            if type == ORK_F32 {
                pointer.storeBytes(of: number, toByteOffset: index * 4, as: Float.self)
            } else {
                pointer.storeBytes(of: UInt16(number.bitPattern >> 16), toByteOffset: index * 2, as: UInt16.self)
            }
        }
    }

    deinit { pointer.deallocate() }

    subscript(index: Int) -> Float {
        if type == ORK_F32 { return pointer.load(fromByteOffset: index * 4, as: Float.self) }
        return Float(bitPattern: UInt32(pointer.load(fromByteOffset: index * 2, as: UInt16.self)) << 16)
    }
}

extension ork_convolution {
    /// Packs weights [outputs, inputs, kernel…], each output's times its factor where there are factors.
    ///
    /// - Returns: the kernel's status.
    mutating func pack(
        _ weights: [Float], factors: [Float]? = nil, outputs: Int, inputs: Int, into packed: UnsafeMutableRawPointer
    ) -> Int32 {
        weights.withUnsafeBufferPointer { weights in
            (factors ?? []).withUnsafeBufferPointer { given in
                let plain = ork_plain_weights(
                    values: weights.baseAddress, factors: factors == nil ? nil : given.baseAddress,
                    outputs: Int32(outputs), inputs: Int32(inputs))
                return ork_convolution_pack(&self, plain, packed)
            }
        }
    }
}

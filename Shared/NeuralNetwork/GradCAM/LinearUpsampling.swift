/// Tri- or bilinear interpolation as PyTorch's `interpolate(align_corners=False)`: position x of the output looks at
/// (x + ½) · in/out − ½ of the input, not before its first value.
enum LinearUpsampling {
    static func upsample(_ values: [Float], from source: Extent, to target: Extent) -> [Float] {
        // One axis after another, the fastest first, is the same sum in fewer steps.
        var result = values
        result = along(result, outer: source.depth * source.height, from: source.width, to: target.width, inner: 1)
        result = along(result, outer: source.depth, from: source.height, to: target.height, inner: target.width)
        return along(result, outer: 1, from: source.depth, to: target.depth, inner: target.height * target.width)
    }

    private static func along(_ values: [Float], outer: Int, from: Int, to: Int, inner: Int) -> [Float] {
        guard from != to else { return values }
        var result = [Float](repeating: 0, count: outer * to * inner)
        let scale = Float(from) / Float(to)
        values.withUnsafeBufferPointer { values in
            result.withUnsafeMutableBufferPointer { result in
                for position in 0..<to {
                    let exact = max(0, (Float(position) + 0.5) * scale - 0.5)
                    let first = min(Int(exact), from - 1)
                    let second = min(first + 1, from - 1)
                    let weight = exact - Float(first)
                    for block in 0..<outer {
                        let low = values.baseAddress! + (block * from + first) * inner
                        let high = values.baseAddress! + (block * from + second) * inner
                        let target = result.baseAddress! + (block * to + position) * inner
                        for index in 0..<inner {
                            // In this form equal values stay equal.
                            target[index] = low[index] + (high[index] - low[index]) * weight
                        }
                    }
                }
            }
        }
        return result
    }
}

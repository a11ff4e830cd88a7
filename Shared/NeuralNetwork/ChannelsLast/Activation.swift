internal import CKernels

/// The type of numbers that activations are kept in.
enum ActivationType: Hashable, Sendable {
    case float32
    case bfloat16

    var byteCount: Int { self == .float32 ? 4 : 2 }
}

/// A value in memory, channels last: every pixel's channels lie together, pixels of all items one after another.
struct Activation {
    var pointer: UnsafeMutableRawPointer
    var type: ActivationType
    var batch: Int
    var extent: Extent
    var places: ChannelPlaces
    /// Numbers from pixel to pixel; more than there are channels, where this is a part of a concatenation.
    var stride: Int

    var channels: Int { places.physicalCount }
    var pixels: Int { batch * extent.volume }
    var isDense: Bool { stride == channels }

    var kernelValue: ork_pixels {
        ork_pixels(
            data: pointer, is_bf16: type == .bfloat16, channels: Int32(channels), stride: Int64(stride),
            pixels: Int64(pixels))
    }

    /// Writes float32 planes [batch, channels, extent] here.
    func read(planes: UnsafePointer<Float>) {
        ork_pixels_from_planes(kernelValue, planes, Int64(batch), Int32(places.places.count), places.places)
    }

    /// Writes this as float32 planes [batch, channels, extent].
    func write(planes: UnsafeMutablePointer<Float>) {
        ork_pixels_to_planes(kernelValue, planes, Int64(batch), Int32(places.places.count), places.places)
    }
}

extension Extent {
    /// Depth, height, width, as C takes them.
    var kernelValue: (Int32, Int32, Int32) { (Int32(depth), Int32(height), Int32(width)) }
}

extension ork_window {
    init(input: Extent, output: Extent, kernel: Extent, stride: Extent, padding: Extent) {
        self.init(
            in_size: input.kernelValue, out_size: output.kernelValue, kernel: kernel.kernelValue,
            stride: stride.kernelValue, padding: padding.kernelValue)
    }
}

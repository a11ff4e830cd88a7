import Foundation
import Imaging
import Tensors

/// A label map without lesions, on a grid that no series has.
enum EmptyMap {
    static func write(to file: URL) throws {
        let tensor = try Tensor(
            shape: [3, 4, 5], elementType: .uint8, buffer: TensorBuffer(copying: [UInt8](repeating: 0, count: 60)))
        let volume = try Volume(tensor: tensor, affine: .identity)
        try NIfTIWriter.write(volume, to: file.path)
    }
}

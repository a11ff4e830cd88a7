import Imaging
import Tensors

/// A volume whose voxels are a function of their indices.
func makeVolume(
    _ shape: [Int], _ type: ElementType = .float32, affine: Affine = .identity, slope: Double = 1,
    intercept: Double = 0, _ value: (Int, Int, Int) -> Double
) throws -> Volume {
    var values: [Float] = []
    for k in 0..<shape[2] {
        for j in 0..<shape[1] {
            for i in 0..<shape[0] { values.append(Float(value(i, j, k))) }
        }
    }
    let tensor = try Tensor(shape: shape.reversed(), floats: values).converted(to: type)
    return try Volume(tensor: tensor, affine: affine, slope: slope, intercept: intercept)
}

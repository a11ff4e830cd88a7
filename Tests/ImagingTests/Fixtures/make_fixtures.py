"""Writes resampling.safetensors and biasfield.safetensors: what SimpleITK makes of small volumes.

Made with SimpleITK 2.5.x, NumPy 2.x and safetensors 0.5+ (the versions stand in the files' metadata); seed 20260722.
Run in an environment that has them: python make_fixtures.py
Volumes are stored [k, j, i]; affines are RAS+ mm, 12 numbers row by row, exact in float32.
"""

import pathlib

import numpy as np
import SimpleITK as sitk
from safetensors.numpy import save_file

folder = pathlib.Path(__file__).parent
rng = np.random.default_rng(20260722)
metadata = {"SimpleITK": sitk.Version_VersionString(), "numpy": np.__version__, "seed": "20260722"}


def image(voxels, affine):
    """A SimpleITK image (LPS+) of voxels [k, j, i] with a RAS+ affine."""
    result = sitk.GetImageFromArray(voxels)
    lps = np.diag([-1.0, -1.0, 1.0]) @ affine[:, :3]
    spacing = np.linalg.norm(lps, axis=0)
    result.SetSpacing(spacing.tolist())
    result.SetDirection((lps / spacing).ravel().tolist())
    result.SetOrigin((np.diag([-1.0, -1.0, 1.0]) @ affine[:, 3]).tolist())
    return result


def affine(columns, origin):
    return np.column_stack([np.asarray(columns, float).T, origin])


shape = (17, 21, 24)
z, y, x = np.meshgrid(*[np.linspace(0, 1, n) for n in shape], indexing="ij")
waves = sum(np.sin(2 * np.pi * (a * x + b * y + c * z) + d) for a, b, c, d in rng.uniform(-3, 3, (6, 4)))
voxels = (waves * 150 + rng.normal(0, 20, shape)).astype(np.int16)
stored = affine([[-1.5, 0, 0], [0, 1.25, 0], [0, 0, 2.5]], [18.0, -12.5, 3.0])
turned = affine([[1.25, 0.5, 0], [-0.5, 1.25, 0.25], [0.125, -0.25, 2.0]], [-16.0, -11.0, 2.0])
grids = {
    # Half and double voxels: every other sample lies midway between two voxels.
    "ties": (affine([[-0.75, 0, 0], [0, 2.5, 0], [0, 0, 1.25]], [18.0, -12.5, 3.0]), (33, 11, 47)),
    # Axes changed and turned round.
    "permuted": (affine([[0, 0, 1.5], [1.0, 0, 0], [0, -1.0, 0]], [-17.0, 12.0, 4.0]), (24, 33, 25)),
}
tensors = {"voxels": voxels, "affine": stored.astype(np.float32).ravel()}
source = image(voxels, stored)
methods = {"nearest": sitk.sitkNearestNeighbor, "linear": sitk.sitkLinear, "cubic": sitk.sitkBSpline}
for name, (grid, extents) in grids.items():
    reference = image(np.zeros(extents, np.float32), grid)
    tensors[f"{name}.affine"] = grid.astype(np.float32).ravel()
    for method, interpolator in methods.items():
        image_in = source if method == "nearest" else sitk.Cast(source, sitk.sitkFloat64)
        result = sitk.GetArrayFromImage(sitk.Resample(image_in, reference, sitk.Transform(), interpolator, 0.0))
        tensors[f"{name}.{method}"] = result.astype(np.int16 if method == "nearest" else np.float32)

# An oblique volume whose axes stay at right angles, read on the first grid.
angle = np.deg2rad(20)
rotation = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
oblique = np.column_stack([rotation @ np.diag([1.5, 1.25, 2.5]), [-16.0, -14.0, -18.0]]).astype(np.float32)
tensors["oblique.affine"] = oblique.ravel()
reference = image(np.zeros((15, 19, 22), np.float32), oblique.astype(float))
for method in ("linear", "cubic"):
    image_in = sitk.Cast(source, sitk.sitkFloat64)
    result = sitk.GetArrayFromImage(sitk.Resample(image_in, reference, sitk.Transform(), methods[method], 0.0))
    tensors[f"oblique.{method}"] = result.astype(np.float32)
save_file(tensors, folder / "resampling.safetensors", metadata=metadata)

# A ball of two tissues under a smooth field, and N4's answer at its default settings but for fewer iterations.
shape = (28, 32, 36)
z, y, x = np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij")
radius = np.sqrt(x**2 + y**2 + z**2)
mask = (radius < 0.9).astype(np.uint8)
tissue = np.where(np.sin(9 * x) * np.sin(8 * y) * np.sin(7 * z) > 0, 150.0, 90.0)
field = 0.35 * np.exp(-((x - 0.6) ** 2 + (y + 0.4) ** 2 + (z - 0.2) ** 2)) - 0.2 * x * y
biased = ((tissue + rng.normal(0, 3, shape)) * np.exp(field) * mask).astype(np.float32)
corrector = sitk.N4BiasFieldCorrectionImageFilter()
corrector.SetMaximumNumberOfIterations([20, 20, 20])
corrector.SetNumberOfThreads(1)
corrected = corrector.Execute(sitk.GetImageFromArray(biased), sitk.GetImageFromArray(mask))
estimated = sitk.GetArrayFromImage(corrector.GetLogBiasFieldAsImage(sitk.GetImageFromArray(biased)))
save_file(
    {
        "biased": np.round(biased).astype(np.int16), "mask": mask,
        "field": field.astype(np.float16), "simpleitk": estimated.astype(np.float16),
    },
    folder / "biasfield.safetensors", metadata=metadata)
inside = mask > 0
print("N4 by SimpleITK:", np.corrcoef(field[inside], estimated[inside])[0, 1])

"""Does the same work as the driver with MONAI, SimpleITK and nibabel: peers.py WORK FILE... [--mask FILE]; JSON."""

import argparse
import json
import resource
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("work", choices=["make", "monai-patch", "sitk-patch", "sitk-resample", "sitk-n4", "nibabel-read"])
parser.add_argument("files", nargs="+")
parser.add_argument("--mask")
parser.add_argument("--repeats", type=int, default=3)
arguments = parser.parse_args()


def make(folder):
    """Five synthetic heads, int16, from a seed: smooth tissue and noise within an ellipsoid, air noise around it."""
    import nibabel
    import numpy

    for index in range(5):
        shape = (240, 240, 155) if index < 3 else (256, 256, 160)
        write(nibabel, numpy, f"{folder}/head-{index}.nii.gz", shape, index)
    for index in range(5):
        write(nibabel, numpy, f"{folder}/study-{index}.nii.gz", (256, 256, 160), 10 + index)
    # N4 at a quarter of the voxels along each axis takes SimpleITK minutes less.
    small = nibabel.load(f"{folder}/head-0.nii.gz")
    voxels = numpy.asarray(small.dataobj)[::2, ::2, ::2]
    affine = small.affine @ numpy.diag([2, 2, 2, 1])
    nibabel.save(nibabel.Nifti1Image(voxels, affine), f"{folder}/small.nii.gz")
    nibabel.save(nibabel.Nifti1Image((voxels > 200).astype(numpy.uint8), affine), f"{folder}/mask.nii.gz")


def write(nibabel, numpy, path, shape, seed):
    random = numpy.random.default_rng(seed)
    x, y, z = numpy.meshgrid(*[numpy.linspace(-1, 1, n) for n in shape], indexing="ij")
    head = (x / 0.75) ** 2 + (y / 0.9) ** 2 + (z / 0.9) ** 2 < 1
    tissue = 600 + 150 * numpy.sin(9 * x + seed) * numpy.sin(8 * y) * numpy.sin(7 * z)
    field = numpy.exp(0.3 * x - 0.2 * y * z)
    # Skull-stripped, as such volumes mostly come; the noise is what deflate has to work for.
    voxels = numpy.where(head, tissue * field + random.normal(0, 12, shape), 0).astype(numpy.int16)
    nibabel.save(nibabel.Nifti1Image(voxels, numpy.diag([-1.0, -1.0, 1.0, 1.0])), path)


def monai_patch(files):
    import monai.transforms as mt

    keys = [f"s{index}" for index in range(len(files))]
    steps = mt.Compose([
        mt.LoadImaged(keys), mt.EnsureChannelFirstd(keys), mt.Orientationd(keys, "RAS", labels=(("L", "R"), ("P", "A"), ("I", "S"))),
        mt.Spacingd(keys, (1, 1, 1), mode="bilinear"), mt.NormalizeIntensityd(keys, nonzero=True),
        mt.CenterSpatialCropd(keys, (64, 64, 64)), mt.ConcatItemsd(keys, "image"),
    ])
    data = dict(zip(keys, files))
    return lambda: steps(dict(data))["image"].shape


def sitk_patch(files):
    import numpy
    import SimpleITK as sitk

    def work():
        channels = []
        for file in files:
            image = sitk.ReadImage(file)
            middle = image.TransformContinuousIndexToPhysicalPoint([n / 2 for n in image.GetSize()])
            patch = sitk.Resample(
                image, (64, 64, 64), sitk.Transform(), sitk.sitkLinear, [c - 31.5 for c in middle], (1, 1, 1),
                (1, 0, 0, 0, 1, 0, 0, 0, 1), 0.0, sitk.sitkFloat32)
            voxels = sitk.GetArrayViewFromImage(image)
            inside = voxels[voxels != 0]
            channels.append((sitk.GetArrayFromImage(patch) - inside.mean()) / inside.std())
        return numpy.stack(channels).shape

    return work


def sitk_resample(files):
    import SimpleITK as sitk

    image = sitk.ReadImage(files[0], sitk.sitkFloat32)
    spacing = [s * 0.8 for s in image.GetSpacing()]
    size = [round(n / 0.8) for n in image.GetSize()]
    return lambda: sitk.Resample(
        image, size, sitk.Transform(), sitk.sitkLinear, image.GetOrigin(), spacing, image.GetDirection(), 0.0).GetSize()


def sitk_n4(files):
    import SimpleITK as sitk

    image, mask = sitk.ReadImage(files[0], sitk.sitkFloat32), sitk.ReadImage(arguments.mask, sitk.sitkUInt8)
    corrector = sitk.N4BiasFieldCorrectionImageFilter()
    return lambda: corrector.Execute(image, mask).GetSize()


def nibabel_read(files):
    import nibabel
    import numpy

    return lambda: numpy.asarray(nibabel.load(files[0]).dataobj).shape


if arguments.work == "make":
    make(arguments.files[0])
    sys.exit(0)
work = {
    "monai-patch": monai_patch, "sitk-patch": sitk_patch, "sitk-resample": sitk_resample, "sitk-n4": sitk_n4,
    "nibabel-read": nibabel_read,
}[arguments.work](arguments.files)
times = []
for index in range(arguments.repeats + 1):
    start = time.perf_counter()
    work()
    if index > 0 or arguments.repeats == 0:
        times.append((time.perf_counter() - start) * 1000)
print(json.dumps({"milliseconds": times, "peakMB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6}))

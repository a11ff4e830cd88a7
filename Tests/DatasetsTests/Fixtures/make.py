"""Writes the datasets beside it: brains/ by nibabel, nodes/ by Pillow. Made with Python 3.11, numpy 2.4.6, nibabel 5.4.2, Pillow 13.0.0, seed 20261122; the tables are by hand.

Four participants of one origin each, in volumes of 8 × 7 × 6 voxels; the label map of sub-02 has two lesions, and sub-04
has a session. Six pictures of four nodes of three patients.
"""
import gzip
import pathlib

import nibabel
import numpy
from PIL import Image

here = pathlib.Path(__file__).parent
random = numpy.random.default_rng(20261122)
affine = numpy.array([[-1.5, 0, 0, 6], [0, 1.25, 0, -4], [0, 0, 2, -5], [0, 0, 0, 1.0]])
files = {
    "anat": ["T1w", "ce-gadolinium_T1w", "T2w", "FLAIR"],
    "dwi": ["dwi"],
}


def save(array, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(nibabel.Nifti1Image(array, affine).to_bytes(), mtime=0))


brains = here / "brains"
for number, (origin, labels) in enumerate([("SCLC", [1]), ("NSCLC", [1, 2]), ("BC", [3]), ("GIC", [1])], 1):
    subject = f"sub-{number:02}"
    session = "ses-a" if number == 4 else None
    stem = subject + (f"_{session}" if session else "")
    study = pathlib.Path(subject, session) if session else pathlib.Path(subject)
    for folder, suffixes in files.items():
        for suffix in suffixes:
            voxels = random.integers(0, 900, (8, 7, 6)).astype(numpy.int16)
            save(voxels, brains / study / folder / f"{stem}_{suffix}.nii.gz")
    mask = numpy.zeros((8, 7, 6), numpy.uint8)
    for place, label in enumerate(labels):
        mask[1 + 4 * place : 3 + 4 * place, 2:4, 2:5] = label
    name = f"{stem}_desc-lesion_mask.nii.gz" if number == 3 else f"{stem}_space-T1w_dseg.nii.gz"
    save(mask, brains / "derivatives" / "manual" / study / "anat" / name)

nodes = here / "nodes" / "images"
nodes.mkdir(parents=True, exist_ok=True)
for name, size in [("a1", (24, 31)), ("a2", (27, 22)), ("b1", (40, 35)), ("c1", (21, 20)), ("c2", (33, 29))]:
    Image.fromarray(random.integers(0, 255, size[::-1]).astype(numpy.uint8)).save(nodes / f"{name}.png")
Image.fromarray(random.integers(0, 255, (25, 30)).astype(numpy.uint8)).save(nodes / "b2.jpg", quality=90)

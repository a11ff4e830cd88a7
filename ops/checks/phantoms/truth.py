#!/usr/bin/env python3
"""Holds a cohort of phantoms against its truth, with nibabel, Pillow and NumPy alone: truth.py COHORT

A cohort that `oncorelay phantom COHORT --cohort …` wrote. Of brains: every file opens, and the contrast of the lesions
follows their latents (Pearson's r of the median signal within the label map, in units of the head's, with each signal
latent). Of nodes: every picture opens with 20 to 110 pixels a side, and the unevenness of its middle follows the latent.
Exit code 0 where it does, else 1.
"""
import csv
import pathlib
import sys

import numpy


def table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def brains(root):
    import nibabel

    def load(path):
        return numpy.asarray(nibabel.load(path).dataobj).astype(numpy.float32)

    signals = {
        "t1-signal": "anat/{}_T1w",
        "t2-signal": "anat/{}_T2w",
        "flair-signal": "anat/{}_FLAIR",
        "diffusion": "dwi/{}_dwi",
        "enhancement": "anat/{}_ce-gadolinium_T1w",
    }
    lesions = table(root / "truth.tsv")
    measured = {name: [] for name in signals}
    for patient in sorted({lesion["participant_id"] for lesion in lesions}):
        own = [lesion for lesion in lesions if lesion["participant_id"] == patient]
        maps = root / "derivatives" / "lesions" / patient / "anat"
        labels = load(maps / f"{patient}_space-T1w_desc-lesions_dseg.nii.gz")
        for name, file in signals.items():
            volume = load(root / patient / (file.format(patient) + ".nii.gz"))
            assert volume.shape == labels.shape, f"{patient}: {name} has another matrix than the label map"
            head = volume[volume > 0.15 * numpy.percentile(volume, 99)]
            for lesion in own:
                inside = volume[labels == int(lesion["label"])]
                measured[name].append(((numpy.median(inside) - head.mean()) / head.std(), float(lesion[name])))
    return {name: numpy.corrcoef(numpy.array(pairs).T)[0, 1] for name, pairs in measured.items()}, 0.95


def nodes(root):
    from PIL import Image

    pairs = []
    for row in table(root / "truth.tsv"):
        picture = numpy.asarray(Image.open(root / row["image"]).convert("L")).astype(float)
        assert all(20 <= side <= 110 for side in picture.shape), f"{row['image']}: {picture.shape}"
        height, width = picture.shape
        middle = picture[height // 4 : -(height // 4), width // 4 : -(width // 4)]
        pairs.append((middle.std() / middle.mean(), float(row["heterogeneity"])))
    return {"heterogeneity": numpy.corrcoef(numpy.array(pairs).T)[0, 1]}, 0.8


if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
    sys.exit(__doc__)
cohort = pathlib.Path(sys.argv[1])
found, least = (nodes if (cohort / "nodes.tsv").exists() else brains)(cohort)
for name, correlation in found.items():
    print(f"{name}\t{correlation:.3f}")
sys.exit(0 if min(found.values()) >= least else 1)

"""What is measured: the one list that every part of the benchmark reads."""

import dataclasses

FLOOR = 2.0


@dataclasses.dataclass(frozen=True)
class Case:
    """A network in training, with the augmentation of its recipe."""

    name: str
    title: str
    recipe: str
    architecture: dict
    # One item as the network is fed it.
    shape: tuple
    batch: int
    optimizer: str
    settings: tuple = ()


def resnet(depth, channels):
    return {"kind": "resnet3d", "depth": depth, "inputChannels": channels, "classes": 2, "shortcut": "B"}


THREE = ("input.sequences=[T1CE, T2, DWI]",)
CASES = [
    Case("resnet18", "3D ResNet18, 8×3×64³, AdamW", "brain-metastasis/resnet18.yaml", resnet(18, 3), (3, 64, 64, 64), 8,
         "adamw", THREE),
    Case("resnet6", "3D ResNet6, 8×3×64³, AdamW", "brain-metastasis/resnet6.yaml", resnet(6, 3), (3, 64, 64, 64), 8,
         "adamw", THREE),
    Case("inception", "Inception-v3, 16×3×299², SGD", "lymph-node/inception-v3.yaml",
         {"kind": "inception-v3", "classes": 1, "averagePoolCountsPadding": True}, (3, 299, 299), 16, "sgd",
         ("training.batch=16", "start.freeze=none", "network.averagePoolCountsPadding=true")),
]
BY_NAME = {case.name: case for case in CASES}

# PyTorch's ways; the fastest by a first look takes part in the rounds. "worker": batches are made in another process.
VARIANTS = [
    f"{precision}:{layout}:{place}" for precision in ("autocast", "float32") for layout in ("channels-last", "plain")
    for place in ("inline", "worker")
]

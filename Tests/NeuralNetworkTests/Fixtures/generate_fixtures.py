"""Writes the reference outputs that NetworkFixtureTests compare with: networks/NAME.safetensors.

    python generate_fixtures.py

Written with torch 2.15.0, torchvision 0.29.2, monai 1.6.1, timm 1.0.31, grad-cam 1.5.7, safetensors 0.8.0;
seed 20230406. The modules are those libraries' own (see ops/lib/reference_networks.py for the variants that they
lack). Networks are narrow, so that the files stay small; parameters and inputs are exact in float16, so that both
sides see the same numbers; the references run in float64, so that their own rounding stays out.

A file holds the parameters by name; `input.I`, one item, from which the batch is made (ROLL); `logits.I` of the batch;
`map.I.LAYER.CLASS`, Grad-CAM in half precision; and in its metadata the `architecture` as model.json writes it.
"""

import itertools
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "ops" / "lib"))
import reference_networks as reference  # noqa: E402

SEED = 20230406
# A map whose differences are a smaller share of its values shows little but rounding once it is scaled.
LEAST_CONTRAST = 0.2
# Item k of a batch is the stored input, its numbers moved on by k times this, round and round.
ROLL = 1001
# Maps kept of the first input and of the second, which is a batch: files stay small.
MAPS = (3, 1)


def resnet(depth=18, channels=1, classes=2, width=1 / 32, **settings):
    return {
        "kind": "resnet3d", "depth": depth, "inputChannels": channels, "classes": classes, "widthMultiplier": width,
        **settings,
    }


def inception(classes=2, width=1 / 32, **settings):
    return {"kind": "inception-v3", "classes": classes, "widthMultiplier": width, **settings}


# Name: architecture, input shapes, layers to explain.
NETWORKS = {
    "resnet18-projection": (
        resnet(classes=2), [(1, 1, 24, 24, 24), (5, 1, 13, 15, 14)], ["layer1", "layer2", "layer3"]),
    "resnet18-projection-bias": (
        resnet(channels=3, classes=3, shortcutBias=True, stemStride=[1, 1, 1], maxPool=False),
        [(1, 3, 9, 12, 11), (5, 3, 7, 8, 6)], ["layer2", "layer3"]),
    "resnet18-zero-padding": (
        resnet(channels=5, classes=1, shortcut="A"), [(1, 5, 15, 18, 13), (5, 5, 9, 11, 12)], ["layer1", "layer2"]),
    "resnet18-zero-padding-unstrided": (
        resnet(channels=2, shortcut="A", stemStride=[1, 1, 1], maxPool=False),
        [(1, 2, 12, 10, 9), (5, 2, 6, 7, 8)], ["layer2", "layer3"]),
    "resnet18-unstrided-pooled": (
        resnet(channels=1, classes=3, stemStride=[1, 1, 1]), [(1, 1, 19, 15, 18), (5, 1, 9, 10, 11)],
        ["layer1", "layer2"]),
    "resnet18-strided-unpooled": (
        resnet(channels=2, maxPool=False), [(1, 2, 19, 21, 18), (5, 2, 12, 10, 14)], ["layer1", "layer2.0"]),
    "resnet18-uneven-stem": (
        resnet(channels=3, stemStride=[1, 2, 2], shortcutBias=True), [(1, 3, 9, 20, 22), (2, 3, 8, 15, 17)],
        ["layer1", "layer2"]),
    "medicalnet-projection": (
        resnet(channels=1, dilation=[1, 1, 2, 4]), [(1, 1, 20, 22, 18), (5, 1, 12, 15, 13)],
        ["layer2", "layer3", "layer4"]),
    "medicalnet-zero-padding": (
        resnet(channels=3, classes=1, dilation=[1, 1, 2, 4], shortcut="A"), [(1, 3, 18, 20, 22), (2, 3, 15, 13, 17)],
        ["layer3", "layer4"]),
    # Widths of 3 to 24, of 24 and 48, of 16 and 32: channels that fill, cross and miss blocks of sixteen.
    "resnet18-width-3": (
        resnet(channels=3, width=3 / 64), [(1, 3, 18, 20, 22), (5, 3, 13, 16, 11)], ["layer2", "layer3"]),
    "resnet6-projection": (
        resnet(6, channels=2, width=3 / 8), [(1, 2, 20, 24, 22), (5, 2, 11, 13, 12)], ["layer1", "layer2"]),
    "resnet6-zero-padding": (
        resnet(6, channels=1, classes=3, width=1 / 4, shortcut="A", stemStride=[1, 1, 1], maxPool=False),
        [(1, 1, 11, 12, 10), (5, 1, 6, 5, 7)], ["layer1", "layer2"]),
    "resnet6-bias-dilated": (
        resnet(6, channels=5, classes=1, width=1 / 8, shortcutBias=True, dilation=[1, 2]),
        [(1, 5, 15, 18, 17), (5, 5, 9, 12, 10)], ["relu", "layer2"]),
    "inception-torchvision": (
        inception(3), [(1, 3, 107, 93), (5, 3, 75, 77)], ["Mixed_5b", "Mixed_6a", "Mixed_6e"]),
    "inception-transformed": (
        inception(2, transformInput=True), [(1, 3, 101, 88), (5, 3, 75, 75)], ["Mixed_5d", "Mixed_6c"]),
    "inception-timm": (
        inception(1), [(1, 3, 95, 110), (2, 3, 83, 76)], ["Mixed_5c", "Mixed_6b"]),
    "inception-padding-not-counted": (
        inception(2, averagePoolCountsPadding=False), [(1, 3, 111, 95), (5, 3, 75, 78)], ["Mixed_5b", "Mixed_6d"]),
    "inception-2015": (
        inception(2, averagePoolCountsPadding=False, lastBlockPool="maximum"), [(1, 3, 123, 107), (2, 3, 91, 99)],
        ["Mixed_6a", "Mixed_7a", "Mixed_7b"]),
    "inception-width-uneven": (
        inception(2, width=0.05, lastBlockPool="maximum"), [(1, 3, 107, 107), (2, 3, 80, 75)],
        ["Mixed_5d", "Mixed_7a"]),
}


def write(index, name, architecture, shapes, layers):
    if name == "inception-timm":
        network = reference.timm_inception(architecture["classes"], architecture["widthMultiplier"])
    else:
        network = reference.build(architecture)
    reference.randomize(network, SEED + index, half=True)
    tensors = {key: value.half() for key, value in reference.parameters_of(network).items()}
    network.double()
    generator = torch.Generator().manual_seed(SEED + index)
    shown = 0
    for number, shape in enumerate(shapes):
        stored = torch.randn([1, *shape[1:]], generator=generator).half()
        tensors[f"input.{number}"] = stored
        image = torch.cat([stored.flatten().roll(ROLL * item).view(stored.shape) for item in range(shape[0])])
        tensors[f"logits.{number}"] = network(image.double()).detach().float()
        kept = 0
        for target, layer in itertools.product(range(architecture["classes"]), layers):
            if kept == MAPS[number]:
                break
            module = "act" if layer == "relu" else layer
            maps, contrast = reference.grad_cam(network, image.double(), module, target)
            if contrast.min() > LEAST_CONTRAST:
                tensors[f"map.{number}.{layer}.{target}"] = maps.half()
                kept += 1
        shown += kept
    assert shown >= 2, f"{name}: hardly a map shows anything; choose other layers or another seed"
    path = HERE / "networks" / f"{name}.safetensors"
    path.parent.mkdir(exist_ok=True)
    tensors = {key: value.contiguous() for key, value in tensors.items()}
    save_file(tensors, path, metadata={"architecture": json.dumps(architecture)})
    print(f"{path.name}: {path.stat().st_size // 1024} KB, {shown} maps")


if __name__ == "__main__":
    for place, (title, entry) in enumerate(NETWORKS.items()):
        write(place, title, *entry)

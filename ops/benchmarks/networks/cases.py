"""What is measured, with which floors: the one list that every part of the benchmark reads."""

import dataclasses

from machine import has_bfloat16

RESNET = {"kind": "resnet3d", "depth": 18, "inputChannels": 3, "classes": 2, "shortcut": "B", "maxPool": True}
RESNET_STRIDE_2 = {**RESNET, "stemStride": [2, 2, 2]}
RESNET_STRIDE_1 = {**RESNET, "stemStride": [1, 1, 1]}
INCEPTION = {"kind": "inception-v3", "classes": 2, "transformInput": False}


@dataclasses.dataclass(frozen=True)
class Case:
    """One network at one input shape, and what is asked of it there."""

    name: str
    title: str
    architecture: dict
    shape: tuple
    # At most this share of the fastest peer's time, at any precision and in float32; nothing asked where None.
    floor: float | None = None
    floor_float32: float | None = None
    training: bool = False
    grad_cam_layer: str | None = None


CASES = [
    Case(
        "resnet18-stride2", "3D ResNet18, 1×3×64³, stem stride 2", RESNET_STRIDE_2, (1, 3, 64, 64, 64), 0.25, 0.8,
        grad_cam_layer="layer3"),
    Case("resnet18-stride1", "3D ResNet18, 1×3×64³, stem stride 1", RESNET_STRIDE_1, (1, 3, 64, 64, 64), 0.6),
    Case(
        "inception-batch1", "Inception-v3, 1×3×299²", INCEPTION, (1, 3, 299, 299), 0.9, 1.0,
        grad_cam_layer="Mixed_6e"),
    Case("inception-batch8", "Inception-v3, 8×3×299²", INCEPTION, (8, 3, 299, 299), 1.0, 1.0),
    Case(
        "resnet18-training", "training step, 3D ResNet18, 4×3×64³", RESNET_STRIDE_2, (4, 3, 64, 64, 64), 0.5,
        training=True),
    Case(
        "inception-training", "training step, Inception-v3, 8×3×299²", {**INCEPTION, "auxiliaryHead": True},
        (8, 3, 299, 299), 0.5, training=True),
]

BY_NAME = {case.name: case for case in CASES}

# Each peer's variants. The fastest one of each precision, by a first look, takes part in the rounds.
INFERENCE_PEERS = {
    "torch float32": ["torch:float32", "torch:float32:channels-last", "torch:float32:compile"],
    "torch bfloat16": [
        "torch:autocast", "torch:autocast:channels-last", "torch:autocast:compile", "torch:bfloat16",
        "torch:bfloat16:channels-last", "torch:bfloat16:compile",
    ],
    "onnxruntime float32": ["onnxruntime:float32"],
    "openvino float32": ["openvino:float32"],
    "openvino bfloat16": ["openvino:bfloat16"],
}
TRAINING_PEERS = {
    "torch float32": ["torch:float32", "torch:float32:channels-last", "torch:float32:compile"],
    "torch bfloat16": ["torch:autocast", "torch:autocast:channels-last", "torch:autocast:compile"],
}


# A worker of the brain-metastasis service with two networks, and what it may take.
WORKER_MODELS = ["resnet18-stride2", "resnet18-stride2"]
WORKER_READY_SECONDS, WORKER_RESIDENT_MB = 0.5, 250


def peers_of(case):
    peers = TRAINING_PEERS if case.training else INFERENCE_PEERS
    return {name: variants for name, variants in peers.items() if is_float32(name) or has_bfloat16()}


def is_float32(peer):
    return peer.endswith("float32") and "bfloat" not in peer

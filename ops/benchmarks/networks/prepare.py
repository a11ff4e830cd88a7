"""Writes random weights, inputs and ONNX files of all cases into a folder, once for all peers and for us.

    python prepare.py FOLDER
"""

import argparse
import json
import pathlib
import sys

import torch
from cases import CASES, WORKER_MODELS
from safetensors.torch import save_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
import reference_networks as reference

SEED = 20230406


def model_description(name, architecture, shape):
    """A `model.json` around an architecture: what the folder needs beside the weights."""
    spatial = list(shape[2:])
    inference = {key: value for key, value in architecture.items() if key != "auxiliaryHead"}
    channels = shape[1]
    return {
        "schema": "oncorelay.model/1",
        "name": name,
        "version": "0.0.0",
        "architecture": inference,
        "input": {
            "sequences": ["T1CE", "T2", "DWI"][:channels] if len(spatial) == 3 else ["T2"],
            "spacing": [1] * len(spatial),
            "size": spatial,
            "normalization": {"method": "z-score", "measured": "all"},
        },
        "labels": ["no", "yes"],
        "threshold": 0.5,
        "gradCAM": {"layer": "layer3" if len(spatial) == 3 else "Mixed_6e"},
        "intendedUse": "Random weights for a benchmark. Research use only. Not for diagnosis.",
    }


def export_onnx(network, image, path):
    torch.onnx.export(
        network, (image,), str(path), input_names=["input"], output_names=["logits"], opset_version=18,
        external_data=False, verbose=False)


def prepare(case, folder):
    target = folder / case.name
    target.mkdir(parents=True, exist_ok=True)
    network = reference.randomize(reference.build(case.architecture), SEED)
    generator = torch.Generator().manual_seed(SEED)
    image = torch.randn(case.shape, generator=generator)
    save_file(reference.parameters_of(network), target / "weights.safetensors")
    save_file({"input": image}, target / "input.safetensors")
    description = model_description(case.name, case.architecture, case.shape)
    (target / "model.json").write_text(json.dumps(description, indent=2) + "\n")
    if case.training:
        return
    with torch.no_grad():
        save_file({"logits": network(image)}, target / "expected.safetensors")
    export_onnx(network, image, target / "model.onnx")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--case", action="append", help="only this case; may be given again")
    arguments = parser.parse_args()
    for entry in CASES:
        needed = not arguments.case or entry.name in arguments.case
        if needed or ("worker" in arguments.case and entry.name in WORKER_MODELS):
            prepare(entry, arguments.folder)

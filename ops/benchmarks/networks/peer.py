"""One peer at one case, in a process of its own that lives through all rounds.

    python peer.py FOLDER CASE PEER [--threads N]

PEER is library:precision[:variant]. Reads commands from standard input, answers each with a line of JSON:

    run N     {"milliseconds": [...]}: N passes (or training steps), each timed
    output    {"logits": [...]}: of the case's input
    gradcam N {"milliseconds": [...]}: N Grad-CAMs of the case's layer and class 1, forward pass included
    memory    {"residentMB": ..., "proportionalMB": ...}
"""

import argparse
import json
import os
import pathlib
import sys
import time

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("case")
parser.add_argument("peer")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--warm", type=int, default=2, help="passes before the first command")
arguments = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(arguments.threads)

import numpy  # noqa: E402  (the threads must be set before)
from cases import BY_NAME  # noqa: E402
from safetensors.numpy import load_file  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]


class OnnxRuntimePeer:
    def __init__(self, case, folder, precision, _variants):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = arguments.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        self.input = {"input": load_file(folder / "input.safetensors")["input"]}
        self.library = f"onnxruntime {onnxruntime.__version__}"

    def run(self):
        return self.session.run(None, self.input)[0]


class OpenVINOPeer:
    def __init__(self, case, folder, precision, _variants):
        import openvino

        core = openvino.Core()
        settings = {
            "INFERENCE_NUM_THREADS": arguments.threads,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
        }
        model = core.read_model(str(folder / "model.onnx"))
        model.reshape({"input": list(case.shape)})
        self.request = core.compile_model(model, "CPU", settings).create_infer_request()
        self.input = load_file(folder / "input.safetensors")["input"]
        self.library = f"openvino {openvino.__version__.split('-')[0]}"

    def run(self):
        return next(iter(self.request.infer({"input": self.input}).values()))


class TorchPeer:
    """Precisions: float32; autocast (bfloat16 where PyTorch thinks it right); bfloat16 (all of it)."""

    def __init__(self, case, folder, precision, variants):
        import torch

        sys.path.insert(0, str(ROOT / "lib"))
        import reference_networks

        self.torch = torch
        torch.set_num_threads(arguments.threads)
        torch.manual_seed(1)
        self.library = f"torch {torch.__version__}"
        self.case, self.precision = case, precision
        network = reference_networks.build(case.architecture)
        tensors = {name: torch.from_numpy(value) for name, value in load_file(folder / "weights.safetensors").items()}
        problems = network.load_state_dict(tensors, strict=False)
        assert not problems.unexpected_keys
        assert all(name.endswith("num_batches_tracked") for name in problems.missing_keys)
        self.input = torch.from_numpy(load_file(folder / "input.safetensors")["input"])
        if precision == "bfloat16":
            network, self.input = network.bfloat16(), self.input.bfloat16()
        if "channels-last" in variants:
            layout = torch.channels_last_3d if self.input.dim() == 5 else torch.channels_last
            network, self.input = network.to(memory_format=layout), self.input.to(memory_format=layout)
        self.network = network
        if case.training:
            network.train()
            self.optimizer = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.95)
            self.targets = torch.arange(len(self.input)) % 2
        else:
            for parameter in network.parameters():
                parameter.requires_grad_(False)
        self.forward = torch.compile(network) if "compile" in variants else network

    def context(self):
        return self.torch.autocast("cpu", self.torch.bfloat16, enabled=self.precision == "autocast")

    def run(self):
        if self.case.training:
            return self.step()
        with self.torch.inference_mode(), self.context():
            return self.forward(self.input).float().numpy()

    def step(self):
        """Forward, cross-entropy (the auxiliary head's weighs 0.4), backward, SGD with momentum."""
        loss_of = self.torch.nn.functional.cross_entropy
        self.optimizer.zero_grad(set_to_none=True)
        with self.context():
            outputs = self.forward(self.input)
            if isinstance(outputs, tuple):
                loss = loss_of(outputs[0], self.targets) + 0.4 * loss_of(outputs[1], self.targets)
            else:
                loss = loss_of(outputs, self.targets)
        loss.backward()
        self.optimizer.step()
        return numpy.array([[loss.item()]])

    def grad_cam(self):
        """MONAI's (3D) and pytorch-grad-cam's (2D)."""
        for parameter in self.network.parameters():
            parameter.requires_grad_(True)
        with self.context():
            return self._grad_cam()

    def _grad_cam(self):
        layer = self.case.grad_cam_layer
        if self.input.dim() == 5:
            if not hasattr(self, "cam"):
                from monai.visualize import GradCAM

                self.cam = GradCAM(self.network, layer)
            return self.cam(self.input, class_idx=1)
        if not hasattr(self, "cam"):
            from pytorch_grad_cam import GradCAM
            from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

            self.cam = GradCAM(self.network, [getattr(self.network, layer)])
            self.targets = [ClassifierOutputTarget(1)] * len(self.input)
        return self.cam(self.input, targets=self.targets)


def memory():
    sizes = {"Rss": 0.0, "Pss": 0.0}
    for line in pathlib.Path("/proc/self/smaps_rollup").read_text().splitlines():
        name = line.split(":")[0]
        if name in sizes:
            sizes[name] = int(line.split()[1]) / 1024
    return {"residentMB": sizes["Rss"], "proportionalMB": sizes["Pss"]}


def timed(work, count):
    times = []
    for _ in range(count):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return {"milliseconds": times}


def main():
    start = time.perf_counter()
    library, precision, *variants = arguments.peer.split(":")
    kinds = {"torch": TorchPeer, "onnxruntime": OnnxRuntimePeer, "openvino": OpenVINOPeer}
    case = BY_NAME[arguments.case]
    peer = kinds[library](case, arguments.folder / case.name, precision, variants)
    peer.run()
    ready = time.perf_counter() - start
    timed(peer.run, arguments.warm)
    answer({"ready": True, "library": peer.library, "readySeconds": ready})
    for line in sys.stdin:
        words = line.split()
        if words[:1] == ["run"]:
            answer(timed(peer.run, int(words[1])))
        elif words == ["output"]:
            answer({"logits": [float(value) for value in peer.run().reshape(-1)]})
        elif words[:1] == ["gradcam"]:
            answer(timed(peer.grad_cam, int(words[1])))
        elif words == ["memory"]:
            answer(memory())
        else:
            break


def answer(value):
    print(json.dumps(value), file=replies, flush=True)


# What a library prints must not mix with the answers.
replies = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
main()

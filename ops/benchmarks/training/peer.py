"""PyTorch at one case, in a process of its own: training steps with the recipe's augmentation.

    python peer.py CASE PRECISION:LAYOUT:PLACE [--threads N]

Reads `run N` from standard input: N steps, each timed, batches included; answers with a line of JSON. Volumes are turned,
scaled and mirrored by one affine_grid and grid_sample, then shifted, scaled and made noisy; all of a batch at once.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import sys
import time

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("case")
parser.add_argument("variant")
parser.add_argument("--threads", type=int, default=2)
arguments = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(arguments.threads)

import torch  # noqa: E402  (the threads must be set before)
from torch.nn import functional  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "lib"), str(HERE)]
import reference_networks  # noqa: E402
from cases import BY_NAME  # noqa: E402

EXAMPLES = 32


class Batches(torch.utils.data.IterableDataset):
    """Augmented batches without end."""

    def __init__(self, case):
        self.case = case
        self.is_flat = len(case.shape) == 3
        generator = torch.Generator().manual_seed(1)
        channels = 1 if self.is_flat else case.shape[0]
        self.examples = torch.rand((EXAMPLES, channels, *case.shape[1:]), generator=generator) - 0.5

    def __iter__(self):
        place = 0
        while True:
            chosen = [(place + item) % EXAMPLES for item in range(self.case.batch)]
            place += self.case.batch
            images = self.examples[chosen]
            images = self.flat(images) if self.is_flat else self.solid(images)
            yield images, torch.tensor([float(item % 2) for item in chosen])

    def solid(self, images):
        count = len(images)
        angles = (torch.rand(count, 3) * 2 - 1) * torch.pi / 18
        (cx, cy, cz), (sx, sy, sz) = angles.cos().T, angles.sin().T
        matrix = torch.stack([
            cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx,
            sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx,
            -sy, cy * sx, cy * cx], 1).reshape(count, 3, 3)
        flips = torch.where(torch.rand(count, 1, 3) < 0.5, -1.0, 1.0)
        size = 1 + (torch.rand(count, 1, 1) * 2 - 1) * 0.1
        images = self.sampled(images, matrix * flips / size, "border")
        channels = (count, images.shape[1], 1, 1, 1)
        images = images * (1 + (torch.rand(channels) * 2 - 1) * 0.1) + (torch.rand(channels) * 2 - 1) * 0.1
        return images + torch.randn_like(images) * (torch.rand(count, 1, 1, 1, 1) * 0.1)

    def flat(self, images):
        count = len(images)
        angles = (torch.rand(count) * 2 - 1) * torch.pi
        matrix = torch.stack([angles.cos(), -angles.sin(), angles.sin(), angles.cos()], 1).reshape(count, 2, 2)
        flips = torch.where(torch.rand(count, 1, 2) < 0.5, -1.0, 1.0)
        images = self.sampled(images, matrix * flips, "zeros")
        images = images + torch.randn_like(images) * (torch.rand(count, 1, 1, 1) * 0.05)
        return images.repeat(1, 3, 1, 1)

    @staticmethod
    def sampled(images, matrix, padding):
        rank = matrix.shape[1]
        theta = torch.cat([matrix, torch.zeros(len(images), rank, 1)], 2)
        grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
        return functional.grid_sample(images, grid, mode="bilinear", padding_mode=padding, align_corners=False)


class Trainer:
    def __init__(self, case, variant):
        precision, layout, place = variant.split(":")
        self.case, self.is_autocast = case, precision == "autocast"
        torch.manual_seed(1)
        batches = Batches(case)
        workers = {"num_workers": 1, "prefetch_factor": 2} if place == "worker" else {}
        self.batches = iter(torch.utils.data.DataLoader(batches, batch_size=None, **workers))
        # After the worker was begun: it computes with one thread of its own.
        torch.set_num_threads(arguments.threads)
        network = reference_networks.build(case.architecture).train()
        self.layout = torch.contiguous_format
        if layout == "channels-last":
            self.layout = torch.channels_last if len(case.shape) == 3 else torch.channels_last_3d
            network = network.to(memory_format=self.layout)
        self.network = network
        if case.optimizer == "adamw":
            self.optimizer = torch.optim.AdamW(network.parameters(), lr=5e-4, weight_decay=0.01, foreach=True)
        else:
            self.optimizer = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.95, foreach=True)

    def step(self):
        images, labels = next(self.batches)
        images = images.to(memory_format=self.layout)
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.is_autocast):
            logits = self.network(images).float()
            score = logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits[:, 0]
            loss = functional.binary_cross_entropy_with_logits(score, labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def settle():
    """Waits until the worker has made the batches that it makes ahead: they are not made in the other's time."""
    workers = [pathlib.Path(f"/proc/{child.pid}/stat") for child in multiprocessing.active_children()]

    def busy():
        # utime and stime, in ticks; the name before them is in brackets.
        return [tuple(file.read_text().rpartition(")")[2].split()[11:13]) for file in workers]

    before = busy()
    while workers:
        time.sleep(0.5)
        now = busy()
        if now == before:
            return
        before = now


def main():
    trainer = Trainer(BY_NAME[arguments.case], arguments.variant)
    for _ in range(2):
        trainer.step()
    print(json.dumps({"ready": True, "library": f"torch {torch.__version__}"}), flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[:1] != ["run"]:
            break
        times = []
        for _ in range(int(words[1])):
            start = time.perf_counter()
            trainer.step()
            times.append((time.perf_counter() - start) * 1000)
        settle()
        print(json.dumps({"milliseconds": times}), flush=True)


if __name__ == "__main__":
    main()

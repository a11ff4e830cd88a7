"""Full-size networks of torchvision, timm and MONAI with random weights, through `oncorelay model run` and compared.

    python check.py PROGRAM [--quick] [--partial FILE] [--only TEXT]

Prints a row for each network, input and way of computing; exit code 1 when one is beyond its tolerance.
"""

import argparse
import dataclasses
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
import reference_networks as reference  # noqa: E402

SEED = 20230406
# Relative to the largest logit; of a probability; of a map in [0, 1].
LOGITS_FLOAT32, PROBABILITIES_BFLOAT16, MAP_FLOAT32 = 1e-4, 0.02, 1e-3
# Where classes are closer than this, bfloat16 may choose the other one.
CLEAR_MARGIN = 0.05
LEAST_CONTRAST = 0.2
# Of maps that float32 does not determine, and how it is found out which these are (inputs are normal, of deviation 1).
MAP_UNDETERMINED, ROUNDING_DRAWS, ROUNDING_NOISE = 0.05, 8, 3e-6

FLOAT32_WAYS = [("onednn", "fp32"), ("openblas", "fp32")]
BFLOAT16_WAY = ("onednn", "bf16")


@dataclasses.dataclass
class Network:
    """One variant, the inputs that it is shown, and the layers that Grad-CAM looks at."""

    name: str
    architecture: dict
    shapes: list
    layers: list
    # As methods.md has them.
    parameters: int | None = None
    library: str = "MONAI"


def resnet(depth, channels, classes, **settings):
    return {"kind": "resnet3d", "depth": depth, "inputChannels": channels, "classes": classes, **settings}


def inception(classes, **settings):
    return {"kind": "inception-v3", "classes": classes, **settings}


UNSTRIDED = {"stemStride": [1, 1, 1], "maxPool": False}
MEDICALNET = {"dilation": [1, 1, 2, 4]}

NETWORKS = [
    Network(
        "ResNet18 B", resnet(18, 1, 2), [(1, 1, 64, 64, 64), (5, 1, 33, 40, 37)], ["layer2", "layer3"], 33_161_026),
    Network(
        "ResNet18 B, 3 channels", resnet(18, 3, 2), [(1, 3, 64, 64, 64), (5, 3, 29, 31, 50)], ["layer3", "layer4"]),
    Network(
        "ResNet18 B with bias, unstrided", resnet(18, 2, 3, shortcutBias=True, **UNSTRIDED),
        [(1, 2, 24, 32, 28), (5, 2, 9, 13, 11)], ["layer2", "layer3"]),
    Network(
        "ResNet18 A", resnet(18, 5, 1, shortcut="A"), [(1, 5, 48, 50, 46), (5, 5, 23, 31, 27)], ["layer1", "layer3"]),
    Network(
        "ResNet18 B, stem stride 1", resnet(18, 3, 2, stemStride=[1, 1, 1]), [(1, 3, 40, 40, 40), (5, 3, 17, 19, 21)],
        ["layer2", "layer3"]),
    Network(
        "MedicalNet 18 B", resnet(18, 1, 2, **MEDICALNET), [(1, 1, 48, 48, 48), (5, 1, 21, 35, 26)],
        ["layer3", "layer4"]),
    Network(
        "MedicalNet 18 A", resnet(18, 3, 2, shortcut="A", **MEDICALNET), [(1, 3, 35, 40, 37), (5, 3, 16, 24, 19)],
        ["layer3", "layer4"]),
    Network(
        "ResNet6 B", resnet(6, 1, 2), [(1, 1, 64, 64, 64), (5, 1, 33, 29, 40)], ["layer1", "layer2"], 916_290),
    Network(
        "ResNet6 A, unstrided", resnet(6, 3, 1, shortcut="A", **UNSTRIDED), [(1, 3, 24, 26, 28), (5, 3, 9, 11, 10)],
        ["layer1", "layer2"]),
    Network(
        "Inception-v3", inception(1000), [(1, 3, 299, 299)], ["Mixed_6e", "Mixed_7b"], 23_834_568, "torchvision"),
    Network(
        "Inception-v3, transformed", inception(2, transformInput=True), [(1, 3, 299, 299), (5, 3, 213, 187)],
        ["Mixed_5d", "Mixed_6e"], None, "torchvision"),
    Network(
        "Inception-v3, timm", inception(1), [(1, 3, 299, 299), (5, 3, 139, 171)], ["Mixed_6a", "Mixed_6e"], None,
        "timm"),
    Network(
        "Inception-v3, padding not counted", inception(2, averagePoolCountsPadding=False),
        [(1, 3, 299, 299), (5, 3, 111, 128)], ["Mixed_5c", "Mixed_6d"], None, "torchvision"),
    Network(
        "Inception-v3 of 2015", inception(3, averagePoolCountsPadding=False, lastBlockPool="maximum"),
        [(1, 3, 299, 299), (5, 3, 147, 75)], ["Mixed_6c", "Mixed_7a"], None, "torchvision"),
]


class Checker:
    """Runs our program and collects what is beyond its tolerance."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.misses, self.rows = [], 0

    def call(self, *arguments):
        return subprocess.run(
            [self.program, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=600)

    def report(self, what, how, value, limit, note=""):
        self.rows += 1
        good = value <= limit
        if not good:
            self.misses.append(f"{what}, {how}: {value:.3g} is above {limit:g}")
        print(
            f"{'ok  ' if good else 'MISS'} {what:<62} {how:<22} {value:9.2e}  of {limit:g}  {note}", flush=True)

    def fail(self, what, reason):
        self.rows += 1
        self.misses.append(f"{what}: {reason}")
        print(f"MISS {what}: {reason}", flush=True)

    def network(self, index, network, quick):
        folder = self.folder / f"network-{index}"
        folder.mkdir()
        module = (
            reference.timm_inception(network.architecture["classes"]) if network.library == "timm"
            else reference.build(network.architecture))
        reference.randomize(module, SEED + index)
        save_file(reference.parameters_of(module), folder / "weights.safetensors")
        (folder / "model.json").write_text(
            json.dumps({"schema": "oncorelay.model/1", "architecture": network.architecture}))
        self.parameters(network, module, folder)
        shapes = network.shapes[:1] if quick else network.shapes
        for shape in shapes:
            self.input(network, module, folder, shape, SEED + index)
        for file in folder.iterdir():
            file.unlink()

    def parameters(self, network, module, folder):
        answer = self.call("model", "inspect", folder, "--json", "--size", ",".join(map(str, network.shapes[0][2:])))
        if answer.returncode != 0:
            return self.fail(f"{network.name}: parameters", answer.stderr.strip().splitlines()[-1:])
        ours = json.loads(answer.stdout)["parameters"]
        theirs = network.parameters or sum(parameter.numel() for parameter in module.parameters())
        self.report(f"{network.name}: {ours:,} parameters", network.library, abs(ours - theirs), 0)

    def input(self, network, module, folder, shape, seed):
        image = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        save_file({"input": image}, folder / "input.safetensors")
        # In float64: the reference's own rounding stays out.
        module.double()
        with torch.no_grad():
            logits = module(image.double())
        what = f"{network.name}, {'×'.join(map(str, shape))}"
        for backend, precision in [*FLOAT32_WAYS, BFLOAT16_WAY]:
            how = f"{backend} {precision}"
            outcome = self.run(folder, what, how, "--backend", backend, "--precision", precision)
            if outcome is not None and precision == "fp32":
                difference = (outcome["logits"].double() - logits).abs().max() / logits.abs().max()
                self.report(what, f"{how} logits", difference.item(), LOGITS_FLOAT32)
            elif outcome is not None:
                self.probabilities(what, how, outcome["probabilities"].double(), logits)
        for layer in network.layers:
            self.maps(network, module, folder, image, layer, what)
        module.float()

    def probabilities(self, what, how, ours, logits):
        single = logits.shape[1] == 1
        expected = logits.sigmoid() if single else logits.softmax(1)
        difference = (ours - expected).abs().max().item()
        both = [torch.cat([1 - values, values], 1) if single else values for values in (ours, expected)]
        first, second = both[1].topk(2, 1).values.unbind(1)
        clear = first - second > CLEAR_MARGIN
        changed = int((both[0].argmax(1) != both[1].argmax(1))[clear].sum())
        self.report(what, f"{how} probabilities", difference, PROBABILITIES_BFLOAT16)
        self.report(what, f"{how} class", changed, 0, f"{int(clear.sum())} of {len(clear)} clear")

    def maps(self, network, module, folder, image, layer, what):
        for target in range(min(3, network.architecture["classes"])):
            expected, contrast = reference.grad_cam(module.double(), image.double(), layer, target)
            if contrast.min() > LEAST_CONTRAST:
                break
        else:
            print(f"     {what}, {layer}: the maps show next to nothing; not compared", flush=True)
            return
        moved = self.moved(module, image, layer, target, expected)
        limit, note = (MAP_FLOAT32, "") if moved <= MAP_FLOAT32 else (MAP_UNDETERMINED, f"reference moves by {moved:.1e}")
        for backend, precision in FLOAT32_WAYS:
            how = f"{backend} {layer}"
            outcome = self.run(
                folder, what, how, "--backend", backend, "--precision", precision, "--grad-cam", target, "--layer",
                layer)
            if outcome is not None:
                difference = (outcome["gradcam"].double() - expected).abs().max().item()
                self.report(what, how, difference, limit, note)

    def moved(self, module, image, layer, target, expected):
        """How far the reference's map in float32 moves when inputs move by a few roundings.

        A rectification's gradient jumps at zero: where an input of one is next to that, roundings decide on which side
        it falls, the reference's as ours.
        """
        module.float()
        farthest = 0.0
        for draw in range(ROUNDING_DRAWS):
            noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(draw))
            heat, _ = reference.grad_cam(module, image + (ROUNDING_NOISE * noise if draw else 0), layer, target)
            farthest = max(farthest, (heat.double() - expected).abs().max().item())
        return farthest

    def run(self, folder, what, how, *arguments):
        output = folder / "output.safetensors"
        output.unlink(missing_ok=True)
        answer = self.call(
            "model", "run", folder, "--input", folder / "input.safetensors", "--output", output, *arguments)
        if answer.returncode != 0 or not output.exists():
            return self.fail(f"{what}, {how}", " ".join(answer.stderr.strip().splitlines()[-1:]))
        return load_file(output)

    def partial(self, file):
        """The public ImageNet weights, of which three layers are absent: each is named, and nothing else."""
        absent = {"Mixed_7b.branch3x3dbl_2.conv.weight", "Mixed_7c.branch3x3dbl_2.conv.weight"}
        out = self.folder / "partial"
        answer = self.call("model", "import", file, "--out", out)
        said = answer.stdout + answer.stderr
        missing = {word.strip(".,;:'") for line in said.splitlines() for word in line.split() if "." in word}
        named = {word for word in missing if word.startswith(("Mixed_", "Conv2d_", "fc."))}
        wrong = {word for word in named if not word.startswith("fc.")} ^ absent
        if answer.returncode == 0:
            self.fail("partial ImageNet weights", "were imported as if they were whole")
        elif wrong or "fc" not in said:
            self.fail("partial ImageNet weights", f"absences not named, or too many: {sorted(wrong) or 'fc'}")
        else:
            self.report("partial ImageNet weights: three absences named", "import", 0, 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", help="our command line, oncorelay")
    parser.add_argument("--quick", action="store_true", help="only the first input of each network")
    parser.add_argument("--partial", type=pathlib.Path, help="inception_v3_imagenet2015_partial.safetensors")
    parser.add_argument("--only", default="", help="only networks with this in their name")
    options = parser.parse_args()
    torch.manual_seed(SEED)
    with tempfile.TemporaryDirectory() as folder:
        checker = Checker(options.program, pathlib.Path(folder))
        for index, network in enumerate(NETWORKS):
            if options.only in network.name:
                checker.network(index, network, options.quick)
        if options.partial:
            checker.partial(options.partial)
    print(f"\n{checker.rows} comparisons, {len(checker.misses)} beyond their tolerance")
    for miss in checker.misses:
        print(f"  {miss}")
    sys.exit(1 if checker.misses else 0)


if __name__ == "__main__":
    main()

"""Writes the loss curves of PyTorch that the training loop's tests compare with: curves.json beside this file.

    python generate_curves.py

Written with torch 2.15.0, torchvision 0.29.2, monai 1.6.1, numpy 2. Networks are the reference modules of
ops/lib/reference_networks.py, narrow. Weights, images, masks and the order of examples are functions of names and
whole numbers (SplitMix64), which the tests compute, too; so only losses are stored. float32, one thread.
"""

import json
import math
import pathlib
import sys

import numpy
import torch
from torch.nn import functional

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "ops" / "lib"))
import reference_networks  # noqa: E402

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
EXAMPLES, BATCH, EPOCHS, SEED = 12, 4, 2, 7


def start_of(seed, name):
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return ((seed * GOLDEN) & MASK) ^ value


def words(seed, name, count):
    """The first `count` words of a stream (SplitMix64; the stream's start is FNV-1a of its name)."""
    with numpy.errstate(over="ignore"):
        state = numpy.uint64(start_of(seed, name)) + numpy.uint64(GOLDEN) * numpy.arange(
            1, count + 1, dtype=numpy.uint64)
        state = (state ^ (state >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        return state ^ (state >> numpy.uint64(31))


def uniform(seed, name, shape, bound):
    """Uniform in ±bound, computed in double precision."""
    count = math.prod(shape)
    share = (words(seed, name, count) >> numpy.uint64(11)).astype(numpy.float64) * 2.0**-53
    return torch.from_numpy((2 * share - 1) * bound).reshape(shape).float()


def permutation(count, epoch):
    order = list(range(count))
    stream = iter(words(SEED, f"order {epoch}", count).tolist())
    for last in range(count - 1, 0, -1):
        other = next(stream) % (last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def fill(network, scale, shift):
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            if tensor.dim() > 1:
                fan_in = tensor[0].numel()
                tensor.copy_(uniform(3, name, tuple(tensor.shape), math.sqrt(6 / fan_in)))
            elif name.endswith("running_var"):
                tensor.fill_(1)
            elif name.endswith("running_mean") or name.startswith("fc."):
                tensor.fill_(0)
            else:
                tensor.fill_(scale if name.endswith("weight") else shift)


def examples(shape):
    """Class 1 is brighter in its first half by a little."""
    images = []
    for number in range(EXAMPLES):
        image = uniform(5, f"image {number}", shape, 1.0)
        image[:, : shape[1] // 2] += 0.25 * (number % 2)
        images.append(image)
    masks = torch.stack([
        (uniform(6, f"mask {number}", shape[1:], 1.0) > 0.5).float() for number in range(EXAMPLES)])
    return torch.stack(images), masks, torch.arange(EXAMPLES).remainder(2).float()


def score(logits):
    return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits[:, 0]


def attention_term(network, layer, images, masks, labels, erasure):
    """Grad-CAM of the true class drawn to the mask: omega 30, s 0.6, lambda 0.5; alpha is a constant. With `erasure`
    also GAIN's second pass: the probability of the true class once what is attended to is erased, so often."""
    kept = {}
    handle = dict(network.named_modules())[layer].register_forward_hook(
        lambda _module, _inputs, output: kept.update(value=output))
    logits = network(images)
    handle.remove()
    activations = kept["value"]
    chosen = logits.gather(1, labels.long()[:, None]).sum()
    [slopes] = torch.autograd.grad(chosen, activations, retain_graph=True)
    alpha = slopes.mean((2, 3, 4), keepdim=True).detach()
    heat = torch.relu((alpha * activations).sum(1, keepdim=True))
    heat = functional.interpolate(heat, size=masks.shape[1:], mode="trilinear", align_corners=False)[:, 0]
    axes = (1, 2, 3)
    low, high = heat.amin(axes, keepdim=True), heat.amax(axes, keepdim=True)
    # Where a map has no differences it is zero, and so is its derivative.
    soft = torch.sigmoid(30 * ((heat - low) / (high - low).clamp(min=1e-12) - 0.6))
    term = 0.5 * (((soft - masks) ** 2).sum(axes) / (soft.sum(axes) + masks.sum(axes))).mean()
    if erasure:
        left = torch.softmax(network(images * (1 - soft[:, None])), 1).gather(1, labels.long()[:, None])
        term = term + erasure * left.mean()
    return logits, term


def curve(architecture, shape, optimizer_of, factor_of, positive_weight=1.0, layer=None, erasure=0.0, scale=1.0,
          shift=0.0):
    network = reference_networks.build(architecture)
    fill(network, scale, shift)
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    network.train()
    images, masks, labels = examples(shape)
    optimizer = optimizer_of(network.parameters())
    rate = optimizer.param_groups[0]["lr"]
    losses, terms, gradients, step = [], [], {}, 0
    per_epoch = math.ceil(EXAMPLES / BATCH)
    for epoch in range(EPOCHS):
        order = permutation(EXAMPLES, epoch)
        for number in range(per_epoch):
            chosen = order[number * BATCH : (number + 1) * BATCH]
            optimizer.param_groups[0]["lr"] = rate * factor_of(epoch + number / per_epoch, step)
            if layer:
                logits, term = attention_term(
                    network, layer, images[chosen], masks[chosen], labels[chosen], erasure)
                terms.append(term.item())
            else:
                logits, term = network(images[chosen]), 0.0
            loss = functional.binary_cross_entropy_with_logits(
                score(logits), labels[chosen], pos_weight=torch.tensor(positive_weight))
            losses.append(loss.item())
            optimizer.zero_grad()
            (loss + term).backward()
            if layer and step == 0:
                gradients = {name: parameter.grad.norm().item() for name, parameter in network.named_parameters()}
            optimizer.step()
            step += 1
    network.eval()
    with torch.no_grad():
        scores = score(network(images)).tolist()
    return {"losses": losses, "attention": terms, "scores": scores} | ({"gradients": gradients} if gradients else {})


def resnet(depth):
    """The last stages are dilated, as MedicalNet's: normalization of four values a channel would magnify rounding."""
    return {
        "kind": "resnet3d", "depth": depth, "inputChannels": 1, "classes": 2, "shortcut": "B",
        "widthMultiplier": 1 / 16, "dilation": [1, 1, 2, 4] if depth == 18 else None}


def cosine(progress, _step):
    return 0.01 + 0.99 * (1 + math.cos(math.pi * progress / EPOCHS)) / 2


def main():
    torch.set_num_threads(1)
    volume = (1, 24, 20, 28)

    def momentum(parameters):
        return torch.optim.SGD(parameters, lr=0.02, momentum=0.9, weight_decay=1e-3)

    def adam(parameters):
        return torch.optim.AdamW(parameters, lr=0.001, weight_decay=0.01)

    # With scale 1, shift 0 or AdamW a map's ReLU lies at its bend: 1e-6 of noise in PyTorch's own convolutions then moves
    # the loss by 0.003. These curves move by 4e-5 with 1e-5 of noise.
    def plain(parameters):
        return torch.optim.SGD(parameters, lr=0.001, momentum=0.9)

    def keras(parameters):
        return torch.optim.SGD(parameters, lr=0.002, momentum=0.95)

    curves = {
        "resnet6": curve(resnet(6), volume, momentum, lambda _progress, _step: 1.0, positive_weight=1.5),
        "resnet18": curve(resnet(18), volume, adam, cosine),
        "resnet18-attention": curve(
            resnet(18), volume, plain, cosine, layer="layer2", scale=0.6, shift=0.7),
        "resnet18-erasure": curve(
            resnet(18), volume, plain, cosine, layer="layer2", erasure=1.0, scale=0.6, shift=0.7),
        "inception-v3": curve(
            {"kind": "inception-v3", "classes": 1, "widthMultiplier": 1 / 16}, (3, 107, 107), keras,
            lambda _progress, step: 1 / (1 + 0.01 * step), scale=0.6, shift=0.7),
    }
    (HERE / "curves.json").write_text(json.dumps(curves, indent=1) + "\n")


if __name__ == "__main__":
    main()

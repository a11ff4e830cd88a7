"""Writes the reference gradients and training steps that the Training tests compare with.

    python generate_training_fixtures.py

Written with torch 2.15.0, torchvision 0.29.2, monai 1.6.1, safetensors 0.8.0; seed 20230406, of Inception 2.
Networks are narrow (width multiplier 1/32) so that the files stay small. Weights are rounded to float16 before the
reference runs, and inputs are made by whole numbers (see `image`), so that both sides see the same numbers.
The reference computes in double precision; what is stored of it is float32.
"""

import pathlib

import narrow_networks as forward
import numpy
import torch
from monai.networks.nets import ResNet
from safetensors.torch import save_file
from torch.nn import functional
from torchvision.models import inception

HERE = pathlib.Path(__file__).parent
SEED = forward.SEED
INCEPTION_SEED = 2  # of twelve tried the one whose float32 gradients in PyTorch are nearest to those in float64
scaled = forward.scaled


def image(*shape):
    """Noise in [-1, 1) that needs no file: Knuth's multiplicative hash of each element's index."""
    index = numpy.arange(numpy.prod(shape), dtype=numpy.uint64)
    hashed = (index * 2654435761 % 2**32) >> 16
    return torch.from_numpy(hashed.astype(numpy.float64) / 32768 - 1).reshape(shape)


def floats(tensor):
    return tensor.detach().float().contiguous()


def step(tensors, prefix, network, loss_of, **settings):
    """One step of SGD: the loss, every gradient, and every parameter and running statistic afterwards."""
    network.double().train()
    optimizer = torch.optim.SGD(network.parameters(), **settings)
    loss = loss_of(network)
    loss.backward()
    tensors[f"{prefix}.loss"] = floats(loss).reshape(1)
    for name, parameter in network.named_parameters():
        tensors[f"{prefix}.gradient.{name}"] = floats(parameter.grad)
    optimizer.step()
    for name, tensor in network.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            tensors[f"{prefix}.after.{name}"] = floats(tensor)


def write_resnet():
    torch.manual_seed(SEED)

    def resnet(**settings):
        return ResNet(
            "basic", [2, 2, 2, 2], [scaled(64 << stage) for stage in range(4)], spatial_dims=3, n_input_channels=2,
            num_classes=2, bias_downsample=False, **settings)

    base = resnet(conv1_t_stride=2)
    forward.randomize(base)
    state = base.state_dict()
    tensors = forward.weights_of(base)
    weights = torch.tensor([1.0, 2.5], dtype=torch.float64)
    targets = torch.tensor([0, 1, 1, 0])

    def loss_of(network):
        return functional.cross_entropy(
            network(image(4, 2, 24, 20, 28)), targets, weight=weights, label_smoothing=0.1)

    def shallow(network):
        network.layer1 = network.layer1[:1]
        network.layer2 = network.layer2[:1]
        network.layer3 = network.layer4 = torch.nn.Identity()
        network.fc = torch.nn.Linear(scaled(128), 2)
        with torch.no_grad():
            network.fc.weight.copy_(state["fc.weight"][:, : scaled(128)])
            network.fc.bias.copy_(state["fc.bias"])
        return network

    settings = {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True}
    without_projection = {name: tensor for name, tensor in state.items() if "downsample" not in name}
    for name, shortcut, is_shallow in (("18B", "B", 0), ("18A", "A", 0), ("6B", "B", 1), ("6A", "A", 1)):
        network = resnet(conv1_t_stride=2, shortcut_type=shortcut)
        network.load_state_dict(state if shortcut == "B" else without_projection)
        step(tensors, name, shallow(network) if is_shallow else network, loss_of, **settings)
    save_file(tensors, HERE / "training_resnet3d.safetensors")


def part_from_bends(network, run):
    """Moves each normalization's shift so that no value lies near the rectifier's bend behind it. Else rounding decides
    on which side a value falls, and gradients differ by as much as 1e-2 from one order of sums to the next.

    One pass through the network: each shift is chosen when its layer's input is known. Zero comes to lie in a wide gap
    between two of a channel's values; behind it some are negative wherever gaps among many values allow that.
    """
    margins = []

    def choose(module, arguments):
        channels = arguments[0].detach().transpose(0, 1).flatten(1)
        center = channels.mean(1, keepdim=True)
        spread = (channels.var(1, unbiased=False, keepdim=True) + module.eps).sqrt()
        for channel, values in enumerate((channels - center) / spread):
            scale = float(module.weight[channel])
            ordered = (values * scale).sort().values
            # The widest gap below the median, the further in the better: of few values in the midst of them.
            gaps = ordered.diff()[: max(1, len(ordered) // 2)]
            place = int((gaps * torch.arange(1, len(gaps) + 1).double().sqrt()).argmax())
            shift = -float(ordered[place] + ordered[place + 1]) / 2
            module.bias.data[channel] = torch.tensor(shift).half().double()
            margins.append(float((ordered + float(module.bias[channel])).abs().min()))

    hooks = [
        module.register_forward_pre_hook(choose)
        for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    statistics = {name: tensor.clone() for name, tensor in network.state_dict().items() if "running" in name}
    network.double().train()
    with torch.no_grad():
        run(network)
    for hook in hooks:
        hook.remove()
    network.load_state_dict(statistics, strict=False)
    print(f"the value nearest to a bend: {min(margins):.1e}")


def write_inception():
    torch.manual_seed(INCEPTION_SEED)
    original = inception.BasicConv2d.__init__
    after_6 = 4 * scaled(192)
    last = sum(map(scaled, (320, 384, 384, 384, 384, 192)))
    inputs = {
        3: 3,
        256: sum(map(scaled, (64, 64, 96, 32))),
        288: sum(map(scaled, (64, 64, 96, 64))),
        768: after_6,
        1280: scaled(320) + scaled(192) + after_6,
        2048: last,
    }

    def narrow(self, in_channels, out_channels, **settings):
        original(self, inputs.get(in_channels, scaled(in_channels)), scaled(out_channels), **settings)

    inception.BasicConv2d.__init__ = narrow
    try:
        network = inception.Inception3(num_classes=3, aux_logits=True, transform_input=False, init_weights=False)
    finally:
        inception.BasicConv2d.__init__ = original
    network.fc = torch.nn.Linear(last, 3)
    network.AuxLogits.fc = torch.nn.Linear(scaled(768), 3)
    # Dropout draws other numbers elsewhere.
    network.dropout.p = 0.0
    forward.randomize(network)
    part_from_bends(network, lambda network: network(image(4, 3, 299, 299)))
    tensors = forward.weights_of(network)
    targets = torch.tensor([2, 0, 1, 0])

    def loss_of(network):
        outputs = network(image(4, 3, 299, 299))
        return functional.cross_entropy(outputs.logits, targets) + 0.4 * functional.cross_entropy(
            outputs.aux_logits, targets)

    step(tensors, "step", network, loss_of, lr=0.05, momentum=0.9, weight_decay=0.01)
    save_file(tensors, HERE / "training_inception.safetensors")


def write_losses(tensors):
    def loss(name, logits, function):
        logits = logits.clone().requires_grad_()
        value = function(logits)
        value.backward()
        tensors[f"{name}.logits"] = floats(logits)
        tensors[f"{name}.loss"] = floats(value).reshape(1)
        tensors[f"{name}.gradient"] = floats(logits.grad)

    soft = torch.tensor([0.0, 1.0, 1.0, 0.25, 1.0], dtype=torch.float64)
    one = torch.tensor([[-3.0], [0.5], [40.0], [1.0], [-90.0]], dtype=torch.float64)
    two = (torch.randn(5, 2) * 2).double()
    weight = torch.tensor(1.5, dtype=torch.float64)
    bce = functional.binary_cross_entropy_with_logits
    loss("binary", one, lambda z: bce(z[:, 0], soft))
    loss("weighted", one, lambda z: bce(z[:, 0], soft, pos_weight=weight))
    loss("pair", two, lambda z: bce(z[:, 1] - z[:, 0], soft))
    classes = torch.tensor([3, 0, 1, 1, 2])
    weights = torch.tensor([0.5, 1.0, 2.0, 0.25], dtype=torch.float64)
    four = (torch.randn(5, 4) * 3).double()
    loss("classes", four, lambda z: functional.cross_entropy(z, classes))
    loss("smooth", four, lambda z: functional.cross_entropy(z, classes, weight=weights, label_smoothing=0.2))


def write_optimizers(tensors):
    start = torch.randn(3, 7).half().float()
    gradients = torch.randn(4, 3, 7).half().float()
    tensors["optimizer.start"] = start.clone()
    tensors["optimizer.gradients"] = gradients
    optimizers = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
        "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.95, weight_decay=0.02),
        "nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.02, nesterov=True),
        "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.8, 0.99), weight_decay=0.1),
    }
    for name, make in optimizers.items():
        parameter = torch.nn.Parameter(start.clone().double())
        optimizer = make([parameter])
        # Keras's rate: lr / (1 + decay * t).
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda t, keras=name == "momentum": 1 / (1 + 0.25 * t) if keras else 1)
        for gradient in gradients:
            parameter.grad = gradient.double()
            optimizer.step()
            schedule.step()
        tensors[f"optimizer.{name}"] = floats(parameter)


def write_attention(tensors):
    activations = torch.randn(2, 5, 3, 4, 2).half().double().requires_grad_()
    slopes = torch.randn(2, 5, 3, 4, 2).half().double()
    mask = (torch.rand(2, 9, 8, 6) > 0.7).double()
    alpha = slopes.mean((2, 3, 4), keepdim=True)
    heat = torch.relu((alpha * activations).sum(1, keepdim=True))
    heat = functional.interpolate(heat, size=mask.shape[1:], mode="trilinear", align_corners=False)[:, 0]
    low, high = heat.amin((1, 2, 3), keepdim=True), heat.amax((1, 2, 3), keepdim=True)
    normalized = (heat - low) / (high - low)
    soft = torch.sigmoid(30 * (normalized - 0.6))
    axes = (1, 2, 3)
    loss = 0.5 * (((soft - mask) ** 2).sum(axes) / (soft.sum(axes) + mask.sum(axes))).mean()
    loss.backward()
    tensors["attention.activations"] = floats(activations)
    tensors["attention.slopes"] = floats(slopes)
    tensors["attention.mask"] = floats(mask)
    tensors["attention.map"] = floats(normalized)
    tensors["attention.loss"] = floats(loss).reshape(1)
    tensors["attention.gradient"] = floats(activations.grad)


def write_erasure(tensors):
    """GAIN's second pass through a network of one convolution, which stands for all of it."""
    torch.manual_seed(SEED)
    activations = torch.randn(2, 5, 3, 4, 2).half().double().requires_grad_()
    slopes = torch.randn(2, 5, 3, 4, 2).half().double()
    images = torch.randn(2, 2, 9, 8, 6).half().double()
    weight = (torch.randn(3, 2, 3, 3, 3) / 7).half().double()
    readout = torch.randn(2, 3).half().double()
    alpha = slopes.mean((2, 3, 4), keepdim=True)
    heat = torch.relu((alpha * activations).sum(1, keepdim=True))
    heat = functional.interpolate(heat, size=images.shape[2:], mode="trilinear", align_corners=False)
    axes = (2, 3, 4)
    low, high = heat.amin(axes, keepdim=True), heat.amax(axes, keepdim=True)
    erased = images * (1 - torch.sigmoid(30 * ((heat - low) / (high - low) - 0.6)))
    erased.retain_grad()
    logits = functional.conv3d(erased, weight, stride=2, padding=1).tanh().sum(axes) @ readout.T
    loss = 0.7 * torch.softmax(logits, 1).gather(1, torch.tensor([[1], [0]])).mean()
    logits.retain_grad()
    loss.backward()
    for name, tensor in {
        "activations": activations, "slopes": slopes, "images": images, "erased": erased, "logits": logits,
        "loss": loss.reshape(1), "byLogits": logits.grad, "byErased": erased.grad, "gradient": activations.grad,
    }.items():
        tensors[f"erasure.{name}"] = floats(tensor)


if __name__ == "__main__":
    write_resnet()
    write_inception()
    torch.manual_seed(SEED)
    parts = {}
    write_losses(parts)
    write_optimizers(parts)
    write_attention(parts)
    write_erasure(parts)
    save_file(parts, HERE / "training_parts.safetensors")

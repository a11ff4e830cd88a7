"""The networks as torchvision and MONAI have them: the truth that ours are compared with.

`build` takes an architecture as `model.json` writes it and gives the reference module; `randomize` fills it with
reproducible random parameters. Where torchvision or MONAI lack a variant (3D ResNet6, dilated stages, other pooling,
widths) their own modules are rearranged, never rewritten.
"""

import contextlib
import math
import sys
from functools import partial

import torch
import torch.nn.functional as functional
from torchvision.models import inception


def scaled(channels, width):
    """Channels under a width multiplier: rounded half up, at least one."""
    return max(1, math.floor(channels * width + 0.5))


def build(architecture):
    """The reference module, in evaluation mode, of an architecture as `model.json` writes it."""
    makers = {"resnet3d": _resnet, "inception-v3": _inception}
    settings = {name: value for name, value in architecture.items() if name != "kind"}
    return makers[architecture["kind"]](**settings).eval()


def _resnet(
    depth, inputChannels, classes, stemStride=(2, 2, 2), maxPool=True, shortcut="B", shortcutBias=False, dilation=None,
    widthMultiplier=1.0,
):
    from monai.networks.nets import ResNet

    widths = [scaled(64 << stage, widthMultiplier) for stage in range(4)]
    network = ResNet(
        "basic", [2, 2, 2, 2] if depth == 18 else [1, 1, 1, 1], widths, spatial_dims=3,
        n_input_channels=inputChannels, num_classes=classes, conv1_t_stride=tuple(stemStride),
        no_max_pool=not maxPool, shortcut_type=shortcut, bias_downsample=shortcutBias)
    if depth == 6:
        # The stem, two stages of one block, and the linear layer after them.
        network.layer3 = network.layer4 = torch.nn.Identity()
        network.fc = torch.nn.Linear(widths[1], classes)
    for stage, amount in enumerate(dilation or [], 1):
        if amount > 1:
            _dilate(getattr(network, f"layer{stage}"), amount)
    return network


def _dilate(stage, amount):
    """MedicalNet's dilated stage: no stride, and 3×3×3 kernels that reach further."""
    for module in stage.modules():
        if isinstance(module, torch.nn.Conv3d):
            module.stride = (1, 1, 1)
            if module.kernel_size[0] == 3:
                module.dilation = module.padding = (amount,) * 3
        if isinstance(getattr(module, "downsample", None), partial):
            module.downsample = partial(module.downsample, stride=1)


class _OtherPooling:
    """Stands in for torch.nn.functional within torchvision's blocks, with another pool in their pool branches."""

    def __init__(self, pool):
        self.avg_pool2d = pool

    def __getattr__(self, name):
        return getattr(functional, name)


def _average_without_padding(values, **window):
    return functional.avg_pool2d(values, count_include_pad=False, **window)


def _inception(
    classes, transformInput=False, averagePoolCountsPadding=True, lastBlockPool="average", widthMultiplier=1.0,
    auxiliaryHead=False,
):
    network = _narrow_inception(classes, widthMultiplier, auxiliaryHead)
    network.transform_input = transformInput
    for name, block in network.named_children():
        if name.startswith("Mixed_"):
            pool = None if averagePoolCountsPadding else _average_without_padding
            if name == "Mixed_7c" and lastBlockPool == "maximum":
                pool = functional.max_pool2d
            if pool is not None:
                _replace_pool(block, _OtherPooling(pool))
    return network


def _replace_pool(block, replacement):
    def before(_module, _inputs):
        inception.F = replacement

    def after(_module, _inputs, _output):
        inception.F = functional

    block.register_forward_pre_hook(before)
    block.register_forward_hook(after, always_call=True)


def _narrow_inception(classes, width, auxiliary):
    """torchvision's own module, whose convolutions are given fewer channels as they are made."""
    with _narrowed(inception.BasicConv2d, inception.InceptionC, width) as width_of:
        network = inception.Inception3(
            num_classes=classes, aux_logits=auxiliary, transform_input=False, init_weights=False)
    if width != 1:
        network.fc = torch.nn.Linear(width_of(2048), classes)
    return network


def timm_inception(classes, width=1):
    """timm's module of the same network: other code, the same parameter names."""
    import timm.models.inception_v3  # noqa: F401  (the package has a function of the module's name)

    module = sys.modules["timm.models.inception_v3"]
    with _narrowed(module.ConvNormAct, module.InceptionC, width) as width_of:
        network = module.InceptionV3(num_classes=classes)
    if width != 1:
        network.fc = torch.nn.Linear(width_of(2048), classes)
    return network.eval()


@contextlib.contextmanager
def _narrowed(convolution, block_c, width):
    """Within it, a class of convolutions scales the channels that Inception-v3 asks of it by `width`.

    A block's input is a concatenation, whose parts are rounded one by one: the sum depends on the block.
    """
    after_5b, after_5c, after_6b = (64, 64, 96, 32), (64, 64, 96, 64), (192, 192, 192, 192)
    parts = {
        256: after_5b,
        288: after_5c,
        1280: (320, 192, *after_6b),
        2048: (320, 384, 384, 384, 384, 192),
    }
    blocks_c = 0

    def width_of(channels):
        if channels == 3:
            return 3
        if channels == 768:
            parts[768] = (384, 96, *after_5c) if blocks_c == 1 else after_6b
        return sum(scaled(part, width) for part in parts.get(channels, (channels,)))

    def narrow(self, in_channels, out_channels, *arguments, **settings):
        original(self, width_of(in_channels), scaled(out_channels, width), *arguments, **settings)

    def counted(self, *arguments, **settings):
        nonlocal blocks_c
        blocks_c += 1
        original_c(self, *arguments, **settings)

    original, original_c = convolution.__init__, block_c.__init__
    if width != 1:
        convolution.__init__, block_c.__init__ = narrow, counted
    try:
        yield width_of
    finally:
        convolution.__init__, block_c.__init__ = original, original_c


def randomize(network, seed, half=False):
    """Kaiming-like weights, and normalization that does something; with `half`, all exact in float16."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(tensor):
        return torch.rand(tensor.shape, generator=generator)

    def normal(tensor):
        return torch.randn(tensor.shape, generator=generator)

    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            if name.endswith("running_var"):
                value = uniform(tensor) + 0.5
            elif tensor.dim() == 1 and name.endswith("weight"):
                value = uniform(tensor) * 0.5 + 0.75
            elif tensor.dim() == 1:
                value = normal(tensor) * 0.2
            else:
                # The last layer is held small: saturated probabilities would hide differences.
                gain = 0.1 if tensor.dim() == 2 else 1
                value = normal(tensor) * gain * math.sqrt(2 / tensor[0].numel())
            tensor.copy_(value.half().float() if half else value)
    return network


def parameters_of(network):
    """Parameters and running statistics by name, as a checkpoint has them."""
    return {
        name: tensor.detach().contiguous().clone()
        for name, tensor in network.state_dict().items() if not name.endswith("num_batches_tracked")
    }


def grad_cam(network, image, layer, target):
    """ReLU(Σ α A) of MONAI (3D) or pytorch-grad-cam (2D) before their own post-processing, up-sampled and scaled.

    Each item's map is scaled to [0, 1] by its own smallest and largest value. Returns the maps and, for each item,
    how much of its largest value its differences are: where that is little, scaling magnifies rounding.
    """
    heat = (_monai_heat if image.dim() == 5 else _grad_cam_heat)(network, image, layer, target)
    mode = "trilinear" if image.dim() == 5 else "bilinear"
    heat = functional.interpolate(heat, size=image.shape[2:], mode=mode, align_corners=False)[:, 0]
    ends = [-1] + [1] * (heat.dim() - 1)
    low, high = heat.flatten(1).amin(1).view(ends), heat.flatten(1).amax(1).view(ends)
    contrast = ((high - low) / high.clamp(min=1e-12)).flatten()
    return (heat - low) / (high - low).clamp(min=1e-12), contrast


def _monai_heat(network, image, layer, target):
    from monai.visualize import GradCAM

    # As it is: no up-sampling, no inversion.
    cam = GradCAM(network, layer, upsampler=lambda _size: lambda heat: heat, postprocessing=lambda heat: heat)
    return _plain(cam(image, class_idx=target))


def _grad_cam_heat(network, image, layer, target):
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    module = dict(network.named_modules())[layer]
    with GradCAM(network, [module]) as cam:
        targets = [ClassifierOutputTarget(target)] * len(image)
        cam(image, targets=targets)
        [activations], [gradients] = cam.activations_and_grads.activations, cam.activations_and_grads.gradients
        heat = cam.get_cam_image(image, module, targets, activations.numpy(), gradients.numpy())
    return torch.relu(torch.from_numpy(heat))[:, None]


def _plain(values):
    return values.as_tensor() if hasattr(values, "as_tensor") else torch.as_tensor(values)

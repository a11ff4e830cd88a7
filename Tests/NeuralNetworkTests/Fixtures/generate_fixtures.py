"""Writes the reference outputs that NetworkFixtureTests compare with.

    python generate_fixtures.py

Written with torch 2.13.0, torchvision 0.28.0, monai 1.6.1, safetensors 0.8.0; seed 20230406.
Networks are narrow (width multiplier 1/32) so that the files stay small; weights and inputs are rounded to float16
before the reference runs, so that both sides see the same numbers.
"""

import math
import pathlib

import torch
from monai.networks.nets import ResNet
from safetensors.torch import save_file
from torchvision.models import inception

SEED = 20230406
WIDTH = 1 / 32
HERE = pathlib.Path(__file__).parent


def scaled(channels):
    return max(1, math.floor(channels * WIDTH + 0.5))


def randomize(network):
    """Kaiming-like weights, and normalization that does something, all exact in float16."""
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            if name.endswith("running_var"):
                tensor.copy_(torch.rand_like(tensor) + 0.5)
            elif tensor.dim() == 1 and name.endswith("weight"):
                tensor.copy_(torch.rand_like(tensor) * 0.5 + 0.75)
            elif tensor.dim() == 1:
                tensor.copy_(torch.randn_like(tensor) * 0.2)
            else:
                fan_in = tensor[0].numel()
                tensor.copy_(torch.randn_like(tensor) * math.sqrt(2 / fan_in))
            tensor.copy_(tensor.half().float())


def grad_cam(network, layer, image, target):
    """Logits, and Grad-CAM scaled to [0, 1] by its own smallest and largest value."""
    kept = []
    module = dict(network.named_modules())[layer] if isinstance(layer, str) else layer
    hook = module.register_forward_hook(lambda _module, _input, output: kept.append(output))
    logits = network(image)
    hook.remove()
    activations = kept[0]
    gradient = torch.autograd.grad(logits[:, target].sum(), activations)[0]
    alpha = gradient.flatten(2).mean(2)
    alpha = alpha.view(*alpha.shape, *[1] * (gradient.dim() - 2))
    heat = torch.relu((alpha * activations).sum(1, keepdim=True))
    mode = "trilinear" if image.dim() == 5 else "bilinear"
    heat = torch.nn.functional.interpolate(heat, size=image.shape[2:], mode=mode, align_corners=False)[:, 0]
    shape = [-1] + [1] * (heat.dim() - 1)
    low = heat.flatten(1).min(1).values.view(shape)
    high = heat.flatten(1).max(1).values.view(shape)
    assert (high > low).all(), "a map without differences shows nothing; choose another layer"
    return logits.detach(), ((heat - low) / (high - low)).detach().half()


def resnet(**settings):
    return ResNet(
        "basic", [2, 2, 2, 2], [scaled(64 << stage) for stage in range(4)], spatial_dims=3, n_input_channels=2,
        num_classes=2, bias_downsample=False, **settings).eval()


def weights_of(network):
    return {
        name: tensor.half().contiguous()
        for name, tensor in network.state_dict().items() if not name.endswith("num_batches_tracked")
    }


def write_resnet():
    torch.manual_seed(SEED)
    base = resnet(conv1_t_stride=2)
    randomize(base)
    state = base.state_dict()
    without_projection = {name: tensor for name, tensor in state.items() if "downsample" not in name}
    image = torch.randn(2, 2, 12, 16, 14).half().float()
    tensors = weights_of(base)
    tensors["input"] = image.half()

    tensors["projection.logits"], tensors["projection.gradcam"] = grad_cam(base, "layer2", image, 1)

    padded = resnet(conv1_t_stride=1, no_max_pool=True, shortcut_type="A")
    padded.load_state_dict(without_projection)
    tensors["padded.logits"], tensors["padded.gradcam"] = grad_cam(padded, "layer2", image, 0)

    dilated = resnet(conv1_t_stride=2)
    dilated.load_state_dict(state)
    for stage, dilation in ((dilated.layer3, 2), (dilated.layer4, 4)):
        for module in stage.modules():
            if isinstance(module, torch.nn.Conv3d):
                module.stride = (1, 1, 1)
                if module.kernel_size[0] == 3:
                    module.dilation = module.padding = (dilation,) * 3
    tensors["dilated.logits"], tensors["dilated.gradcam"] = grad_cam(dilated, "layer3", image, 1)

    shallow = resnet(conv1_t_stride=2)
    shallow.load_state_dict(state)
    shallow.layer1 = shallow.layer1[:1]
    shallow.layer2 = shallow.layer2[:1]
    shallow.layer3 = shallow.layer4 = torch.nn.Identity()
    shallow.fc = torch.nn.Linear(scaled(128), 2)
    randomize_fc = torch.randn(2, scaled(128)).half().float()
    with torch.no_grad():
        shallow.fc.weight.copy_(randomize_fc)
        shallow.fc.bias.copy_(state["fc.bias"])
    tensors["shallow.fc.weight"] = randomize_fc.half()
    tensors["shallow.logits"], tensors["shallow.gradcam"] = grad_cam(shallow, "layer1", image, 0)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, HERE / "resnet3d.safetensors")


def write_inception():
    torch.manual_seed(SEED)
    original = inception.BasicConv2d.__init__

    # A block's input is a concatenation, whose parts are rounded one by one.
    after_6 = 4 * scaled(192)
    assert after_6 == scaled(384) + scaled(96) + sum(map(scaled, (64, 64, 96, 64))), "choose another width"
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
        network = inception.Inception3(num_classes=3, aux_logits=False, transform_input=False, init_weights=False)
    finally:
        inception.BasicConv2d.__init__ = original
    network.fc = torch.nn.Linear(last, 3)
    network.eval()
    randomize(network)
    image = torch.randn(1, 3, 75, 81).half().float()
    tensors = weights_of(network)
    tensors["input"] = image.half()
    tensors["plain.logits"], tensors["plain.gradcam"] = grad_cam(network, "Mixed_5b", image, 2)
    network.transform_input = True
    tensors["transformed.logits"], tensors["transformed.gradcam"] = grad_cam(network, "Mixed_6a", image, 2)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, HERE / "inception.safetensors")


if __name__ == "__main__":
    write_resnet()
    write_inception()

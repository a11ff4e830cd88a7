"""What the training fixtures' narrow networks share: width, rounding, random parameters that are exact in float16."""

import math

import torch

SEED = 20230406
WIDTH = 1 / 32


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


def weights_of(network):
    return {
        name: tensor.half().contiguous()
        for name, tensor in network.state_dict().items() if not name.endswith("num_batches_tracked")
    }

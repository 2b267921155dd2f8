"""How promising an untrained network is."""

import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from tfc.nas.pruning import products

Proxy = Callable[[nn.Module, Tensor], float]  # network, example input [1, channels, side, side]: more is better


def capacity(model: nn.Module, example: Tensor) -> float:
    """Log of the multiply-accumulates of an image whose weight is not zero.

    Lin et al., "MCUNet", arXiv 2007.10319: among networks that fit, those that compute more tend to be better.
    """
    return math.log(products(model, example)[1])


@torch.no_grad()
def flow(model: nn.Module, example: Tensor) -> float:
    """Log of what reaches the logits of a white image when all weights are positive: how well zeros leave the ways through the network open.

    Tanaka et al., "SynFlow", arXiv 2006.05467, whose score of all weights is a multiple of this where activations are piecewise linear.
    """
    positive = copy.deepcopy(model).double().eval()  # products of many layers leave the range of float32
    for parameter in positive.parameters():
        parameter.abs_()
    return math.log(float(positive(torch.ones_like(example, dtype=torch.float64)).sum()))


def both(model: nn.Module, example: Tensor) -> float:
    """Flow, and half of capacity: flow alone does not see how large maps are."""
    return flow(model, example) + capacity(model, example) / 2


PROXIES: dict[str, Proxy] = {proxy.__name__: proxy for proxy in (capacity, flow, both)}

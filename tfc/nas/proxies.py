"""How promising an untrained network is."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from tfc.nas.pruning import products

Proxy = Callable[[nn.Module, Tensor], float]  # network, float images [n, channels, side, side]: more is better


@torch.no_grad()
def regions(model: nn.Module, images: Tensor) -> float:
    """How differently the network treats the images: log of the determinant of the similarities of their patterns of activation.

    Mellor et al., "Neural Architecture Search without Training", arXiv 2006.04647; a unit is active where what enters its
    activation function is positive.
    """
    n = len(images)
    alike = torch.zeros(n, n, dtype=torch.float64)

    def compare(_: nn.Module, entered: tuple[Tensor, ...]) -> None:
        active = (entered[0] > 0).reshape(n, -1).double()
        alike.add_(active @ active.T + (1 - active) @ (1 - active).T)

    hooks = [module.register_forward_pre_hook(compare) for module in model.modules() if isinstance(module, nn.ReLU | nn.SiLU)]
    model.train()(images)
    for hook in hooks:
        hook.remove()
    return float(torch.linalg.slogdet(alike).logabsdet)


def capacity(model: nn.Module, images: Tensor) -> float:
    """Log of the multiply-accumulates of an image whose weight is not zero.

    Lin et al., "MCUNet", arXiv 2007.10319: among networks that fit, those that compute more tend to be better.
    """
    return math.log(products(model, images[:1])[1])


PROXIES: dict[str, Proxy] = {proxy.__name__: proxy for proxy in (capacity, regions)}

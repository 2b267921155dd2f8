"""Quantization-aware training: a network that rounds in training what the compiler will round on the chip."""

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

BITS8, TABLE = 256, 1024  # levels of a value, and of what an activation table is read with
MOMENTUM = 0.02  # of a range that follows the extremes of the batches
FLOOR = 1e-6  # of a range, where nothing was seen


class FakeQuantize(nn.Module):
    """Rounds to the levels of the chip: the range, widened to hold 0, in equal steps, 0 on one of them.

    In training the range follows the extremes of the batches; gradients pass where nothing was clipped.
    """

    lo: Tensor
    hi: Tensor

    def __init__(self, levels: int = BITS8) -> None:
        super().__init__()
        self.lowest = -128 if levels == BITS8 else 0
        self.levels = levels
        self.register_buffer("lo", torch.zeros(()))
        self.register_buffer("hi", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.follow(x.detach())
        return self.round(x)

    def grid(self) -> tuple[Tensor, Tensor]:
        """Scale and zero point."""
        scale = (self.hi - self.lo).clamp(min=FLOOR) / (self.levels - 1)
        return scale, (self.lowest - self.lo / scale).round().to(torch.int32)

    def round(self, x: Tensor) -> Tensor:
        return torch.fake_quantize_per_tensor_affine(x.float(), *self.grid(), self.lowest, self.lowest + self.levels - 1)

    @torch.no_grad()
    def follow(self, x: Tensor) -> None:
        lo, hi = (extreme.float() for extreme in torch.aminmax(x))
        weight = torch.where(self.hi > self.lo, MOMENTUM, 1.0)
        self.lo.lerp_(lo.clamp(max=0), weight)
        self.hi.lerp_(hi.clamp(min=0), weight)


class Tied(nn.Module):
    """Rounds to the levels of another value, as the parts of a concatenation do, so that they need only be copied."""

    def __init__(self, owner: FakeQuantize) -> None:
        super().__init__()
        self.owner = owner

    def forward(self, x: Tensor) -> Tensor:
        known = (self.owner.hi > self.owner.lo).expand_as(x)  # not before the first batch has passed
        return torch.where(known, self.owner.round(x), x)


class Levels(nn.Module):
    """Rounding to levels that no longer move, as it is exported."""

    def __init__(self, source: FakeQuantize) -> None:
        super().__init__()
        scale, zero = source.grid()
        self.scale, self.zero = float(scale), int(zero)
        self.lowest, self.highest = source.lowest, source.lowest + source.levels - 1

    def forward(self, x: Tensor) -> Tensor:
        return torch.fake_quantize_per_tensor_affine(x, self.scale, self.zero, self.lowest, self.highest)


def rounded(weight: Tensor) -> Tensor:
    """Weights [out, ...] as k * scale with whole k in -127..127 and a scale for each output channel; the gradient is that of the identity.

    A batch norm behind the layer scales whole channels, so that folding it into the weights changes none of the integers.
    """
    flat = weight.detach().flatten(1)
    scale = (flat.abs().amax(1).clamp(min=1e-12) / 127).reshape(-1, *(1,) * (weight.ndim - 1))
    return weight + ((weight.detach() / scale).round() * scale - weight.detach())


class RoundedConv2d(nn.Conv2d):
    """A convolution that computes with rounded weights."""

    def forward(self, input: Tensor) -> Tensor:
        out: Tensor = self._conv_forward(input, rounded(self.weight), self.bias)
        return out


class RoundedConv1d(nn.Conv1d):
    """A convolution that computes with rounded weights."""

    def forward(self, input: Tensor) -> Tensor:
        out: Tensor = self._conv_forward(input, rounded(self.weight), self.bias)
        return out


class RoundedLinear(nn.Linear):
    """A linear layer that computes with rounded weights."""

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, rounded(self.weight), self.bias)


ROUNDED: dict[type[nn.Module], type[nn.Module]] = {nn.Conv1d: RoundedConv1d, nn.Conv2d: RoundedConv2d, nn.Linear: RoundedLinear}
PLAIN = {after: before for before, after in ROUNDED.items()}


def freeze(model: fx.GraphModule) -> fx.GraphModule:
    """The network as it is exported, in place: weights that are already rounded, levels as constants."""
    for name, module in list(model.named_modules(remove_duplicate=False)):
        if type(module) in PLAIN:
            module.weight.data = rounded(module.weight.data)
            module.__class__ = PLAIN[type(module)]
        elif isinstance(module, FakeQuantize | Tied) and not name.endswith(".owner"):
            model.set_submodule(name, Levels(module.owner if isinstance(module, Tied) else module))
    return model.eval()

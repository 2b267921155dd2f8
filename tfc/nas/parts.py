"""The parts that a network of a search space is made of: the keyword-only parameters of each are its choices."""

from collections import OrderedDict
from collections.abc import Callable, Mapping

from torch import Tensor, nn

from tfc.zoo.inverted_residual import InvertedResidual
from tfc.zoo.mobilevit import MobileViTBlock, conv_norm_act

PATCH = 2  # side of MobileViT's patches, where it divides the map; else every pixel attends to every other


class Residual(nn.Module):
    """A convolution beside the identity."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False), nn.BatchNorm2d(channels))
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.act(x + self.body(x))
        return out


def stem(c_in: int, side: int, *, width: int, kernel: int, stride: int) -> nn.Module:
    """The first convolution."""
    return conv_norm_act(c_in, width, kernel, stride, act=nn.ReLU)


def plain(c_in: int, side: int, *, width: int, depth: int, kernel: int, stride: int) -> nn.Module:
    """`depth` convolutions; the first takes the stride, the others have the identity beside them."""
    return nn.Sequential(conv_norm_act(c_in, width, kernel, stride, act=nn.ReLU), *(Residual(width, kernel) for _ in range(depth - 1)))


def inverted(c_in: int, side: int, *, width: int, depth: int, kernel: int, stride: int, expansion: int) -> nn.Module:
    """`depth` inverted residuals; the first takes the stride."""
    first = InvertedResidual(c_in, width, expansion, stride, kernel, nn.ReLU)
    return nn.Sequential(first, *(InvertedResidual(width, width, expansion, 1, kernel, nn.ReLU) for _ in range(depth - 1)))


def mobilevit(c_in: int, side: int, *, width: int, depth: int, kernel: int, stride: int, expansion: int, tokens: int, heads: int) -> nn.Module:
    """A convolution that takes the stride, then a MobileViT block of `depth` transformer layers on tokens of that width."""
    patch = PATCH if -(-side // stride) % PATCH == 0 else 1
    return nn.Sequential(
        conv_norm_act(c_in, width, kernel, stride, act=nn.ReLU),
        MobileViTBlock(width, tokens, tokens * expansion, heads, depth, patch, fuse=1),
    )


def head(c_in: int, side: int, *, width: int) -> nn.Module:
    """The pixelwise convolution before the average."""
    return conv_norm_act(c_in, width, 1, act=nn.ReLU)


Part = Callable[..., nn.Module]
KINDS: dict[str, Part] = {part.__name__: part for part in (plain, inverted, mobilevit)}
ENDS: dict[str, Part] = {part.__name__: part for part in (stem, head)}


class Network(nn.Module):
    """[n, channels, side, side] of 0..1 to [n, classes] logits: parts, an average, a classifier."""

    def __init__(self, parts: Mapping[str, nn.Module], features: int, classes: int) -> None:
        super().__init__()
        self.mean = 128 / 255
        self.deviation_reciprocal = 255 / 64
        self.body = nn.Sequential(OrderedDict(parts))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(features, classes)

    def forward(self, x: Tensor) -> Tensor:
        # One mean and deviation for all channels: a compiler can fold them into the scale of the input.
        x = self.body((x - self.mean) * self.deviation_reciprocal)
        logits: Tensor = self.classifier(self.pool(x).flatten(1))
        return logits

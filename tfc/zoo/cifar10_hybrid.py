"""cifar10_hybrid: wide plain convolutions and a transformer layer for 32x32 RGB images in ten classes, made to be block-sparse."""

from dataclasses import replace

from torch import Tensor, nn

from tfc.nas.recipe import Recipe
from tfc.zoo.commands import ZooModel, main
from tfc.zoo.mobilevit import TransformerLayer, conv_norm_act


class Residual(nn.Module):
    """Two 3x3 convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv_norm_act(channels, channels, 3, act=nn.ReLU)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.act(x + self.second(self.first(x)))
        return out


class Tokens(nn.Module):
    """A transformer layer whose tokens are all pixels of a feature map [n, channels, h, w]."""

    def __init__(self, channels: int, hidden: int, heads: int) -> None:
        super().__init__()
        self.layer = TransformerLayer(channels, hidden, heads)

    def forward(self, x: Tensor) -> Tensor:
        n, channels, h, w = x.shape
        tokens = self.layer(x.reshape(n, channels, h * w).transpose(1, 2))
        out: Tensor = tokens.transpose(1, 2).reshape(n, channels, h, w)
        return out


class Cifar10Hybrid(nn.Module):
    """[n, 3, 32, 32] of 0..1 to [n, 10] logits; `width` multiplies all channels."""

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        c1, c2, c3, c4 = (int(channels * width) for channels in (32, 64, 192, 256))
        self.mean = 128 / 255
        self.deviation_reciprocal = 255 / 64
        self.stem = conv_norm_act(3, c1, 3, act=nn.ReLU)
        self.stage1 = nn.Sequential(conv_norm_act(c1, c2, 3, act=nn.ReLU), nn.MaxPool2d(2), conv_norm_act(c2, c2, 3, act=nn.ReLU))
        self.stage2 = nn.Sequential(conv_norm_act(c2, c3, 3, act=nn.ReLU), nn.MaxPool2d(2), conv_norm_act(c3, c3, 3, act=nn.ReLU), Tokens(c3, 2 * c3, c3 // 32))
        self.stage3 = nn.Sequential(conv_norm_act(c3, c4, 3, act=nn.ReLU), nn.MaxPool2d(2), Residual(c4))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(c4, 10)

    def forward(self, x: Tensor) -> Tensor:
        # One mean and deviation for all channels: a compiler can fold them into the scale of the input.
        x = (x - self.mean) * self.deviation_reciprocal
        x = self.stage3(self.stage2(self.stage1(self.stem(x))))
        logits: Tensor = self.classifier(self.pool(x).flatten(1))
        return logits


BLOCK = (2, 4)  # an input, once loaded, serves two output channels
PRUNED = {
    "stage1.2.0": (BLOCK, 0.4),
    "stage2.0.0": (BLOCK, 0.6),
    **{name: (BLOCK, 0.72) for name in ("stage2.2.0", "stage3.0.0", "stage3.2.first.0", "stage3.2.second.0")},
    **{f"stage2.3.layer.{name}": (BLOCK, 0.6) for name in ("attention.qkv", "attention.proj", "fc1", "fc2")},
}
DENSE = Recipe(epochs=16, batch=256, rate=0.25, shift=2, small=0.6, average=0.995)
ZOO = ZooModel(
    "cifar10_hybrid",
    Cifar10Hybrid,
    PRUNED,
    {
        "train": DENSE,
        "prune": replace(DENSE, epochs=12, rate=0.15, warmup=0.1, distill=0.5),
        "quantize": replace(DENSE, epochs=3, rate=0.03, warmup=0.1, small=0.0, distill=0.5),
    },
)

if __name__ == "__main__":
    main(ZOO)

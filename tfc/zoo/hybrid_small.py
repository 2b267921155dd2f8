"""hybrid_small: convolutions, inverted residuals and MobileViT blocks for 32x32 RGB images in ten classes."""

from dataclasses import replace

from torch import Tensor, nn

from tfc.nas.recipe import Recipe
from tfc.zoo.commands import ZooModel, main
from tfc.zoo.inverted_residual import InvertedResidual
from tfc.zoo.mobilevit import MobileViTBlock, conv_norm_act


class HybridSmall(nn.Module):
    """[n, 3, 32, 32] of 0..1 to [n, 10] logits."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = 128 / 255
        self.deviation_reciprocal = 255 / 64
        self.stem = conv_norm_act(3, 32, 3)
        self.stage1 = nn.Sequential(conv_norm_act(32, 64, 3, stride=2), conv_norm_act(64, 64, 3))
        self.stage2 = nn.Sequential(InvertedResidual(64, 128, expansion=2, stride=2))
        self.stage3 = nn.Sequential(*(MobileViTBlock(128, width=96, hidden=192, heads=4, depth=1, fuse=1) for _ in range(2)))
        self.head = conv_norm_act(128, 256, 1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(256, 10)

    def forward(self, x: Tensor) -> Tensor:
        # One mean and deviation for all channels: a compiler can fold them into the scale of the input.
        x = (x - self.mean) * self.deviation_reciprocal
        x = self.head(self.stage3(self.stage2(self.stage1(self.stem(x)))))
        logits: Tensor = self.classifier(self.pool(x).flatten(1))
        return logits


# The layers that hold most weights lose three quarters of their blocks; in 2x4 blocks an input, once loaded, serves two output channels.
PRUNED = {
    "stage1.1.0": ((2, 4), 0.75),
    **{f"stage3.{block}.{layer}.0": ((2, 4), 0.75) for block in range(2) for layer in ("local", "fuse")},
    **{f"stage3.{block}.layers.0.{layer}": ((1, 4), 0.75) for block in range(2) for layer in ("attention.qkv", "attention.proj", "fc1", "fc2")},
}

SHORT = Recipe(epochs=8, small=0.667, rate=0.05, warmup=0.1)
ZOO = ZooModel(
    "hybrid_small",
    HybridSmall,
    PRUNED,
    {"train": Recipe(epochs=16, small=0.6), "prune": SHORT, "quantize": replace(SHORT, epochs=2, small=0.0, rate=0.01)},
)

if __name__ == "__main__":
    main(ZOO)

"""The inverted residual of MobileNetV2 (Sandler et al., arXiv 1801.04381)."""

from torch import Tensor, nn

from tfc.zoo.mobilevit import conv_norm_act


class InvertedResidual(nn.Module):
    """1x1 expansion, depthwise window, 1x1 projection; the input is added where shapes agree."""

    def __init__(self, c_in: int, c_out: int, expansion: int, stride: int = 1, kernel: int = 3, act: type[nn.Module] = nn.SiLU) -> None:
        super().__init__()
        hidden = c_in * expansion
        self.residual = stride == 1 and c_in == c_out
        self.expand = conv_norm_act(c_in, hidden, 1, act=act)
        self.depthwise = conv_norm_act(hidden, hidden, kernel, stride, groups=hidden, act=act)
        self.project = nn.Sequential(nn.Conv2d(hidden, c_out, 1, bias=False), nn.BatchNorm2d(c_out))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y

"""The MobileViT block: convolutions for near pixels, a transformer across patches for far ones."""

import torch
from torch import Tensor, nn


def conv_norm_act(c_in: int, c_out: int, kernel: int, stride: int = 1, groups: int = 1, act: type[nn.Module] = nn.SiLU) -> nn.Sequential:
    """Convolution, batch norm, activation; [n, c_in, h, w] to [n, c_out, h / stride, w / stride]."""
    conv = nn.Conv2d(c_in, c_out, kernel, stride, padding=kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(c_out), act())


class Attention(nn.Module):
    """Multi-head self-attention over [n, tokens, width]."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"{heads} heads do not divide a width of {width}")
        self.heads = heads
        self.scale = (width // heads) ** -0.5
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        n, tokens, width = x.shape
        qkv = self.qkv(x).reshape(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        # Written out: the backward of scaled_dot_product_attention is twice as slow on a CPU.
        weights = torch.softmax(q @ k.transpose(-2, -1) * self.scale, dim=-1)
        out: Tensor = self.proj((weights @ v).transpose(1, 2).reshape(n, tokens, width))
        return out


class TransformerLayer(nn.Module):
    """Pre-norm transformer layer over [n, tokens, width]."""

    def __init__(self, width: int, hidden: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, hidden)
        self.act = nn.SiLU()
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        x = x + self.fc2(self.act(self.fc1(self.norm2(x))))
        return x


class MobileViTBlock(nn.Module):
    """[n, channels, h, w] to the same shape; h and w are multiples of the patch (Mehta and Rastegari, arXiv 2110.02178)."""

    def __init__(self, channels: int, width: int, hidden: int, heads: int, depth: int, patch: int = 2, fuse: int = 3) -> None:
        """`hidden` is the width within the MLPs, `fuse` the kernel of the last convolution, which sees the input beside what the transformer made of it."""
        super().__init__()
        self.patch = patch
        self.local = conv_norm_act(channels, channels, 3)
        self.enter = nn.Conv2d(channels, width, 1, bias=False)
        self.layers = nn.Sequential(*(TransformerLayer(width, hidden, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.leave = conv_norm_act(width, channels, 1)
        self.fuse = conv_norm_act(2 * channels, channels, fuse)

    def forward(self, x: Tensor) -> Tensor:
        y = self.enter(self.local(x))
        n, width, h, w = y.shape
        p, rows, columns = self.patch, h // self.patch, w // self.patch
        # Unfold: pixels at the same place of their patches form one sequence, [n * p * p, rows * columns, width].
        y = y.reshape(n * width * rows, p, columns, p).transpose(1, 2)
        y = y.reshape(n, width, rows * columns, p * p).transpose(1, 3).reshape(n * p * p, rows * columns, width)
        y = self.norm(self.layers(y))
        # Fold: the same steps backwards.
        y = y.reshape(n, p * p, rows * columns, width).transpose(1, 3)
        y = y.reshape(n * width * rows, columns, p, p).transpose(1, 2).reshape(n, width, h, w)
        out: Tensor = self.fuse(torch.cat((x, self.leave(y)), dim=1))
        return out

"""How the tables of importer_*.py become programs."""

import io
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tfc.importer.archive import inspect_archive
from tfc.importer.program import Program
from tfc.importer.pt2 import read_program

IMAGE = (1, 4, 6, 6)
TOKENS = (1, 5, 8)


class Traced(nn.Module):
    """A function as a module, with parameters to use."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function
        self.square = nn.Parameter(torch.randn(8, 8))
        self.row = nn.Parameter(torch.randn(8))
        self.kernel = nn.Parameter(torch.randn(8, 4, 3, 3))
        self.table = nn.Parameter(torch.randn(1, 5, 8))
        self.wide = nn.Parameter(torch.randn(24, 8))
        self.mixer = nn.MultiheadAttention(8, 2, batch_first=True)
        self.line_mixer = nn.MultiheadAttention(8, 2)
        self.register_buffer("means", torch.randn(5))
        self.register_buffer("two", torch.tensor(2.0))
        self.register_buffer("one", torch.tensor(1))
        self.register_buffer("places", torch.tensor([3, 1, 2]))

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(self, *inputs)


def traced(module: nn.Module, inputs: tuple[Tensor, ...]) -> Program:
    buffer = io.BytesIO()
    torch.export.save(torch.export.export(module.eval(), inputs, strict=False), buffer)
    return read_program(inspect_archive(buffer.getvalue(), "case"))


def randomized(module: nn.Module) -> nn.Module:
    """Batch norm with statistics that show whether they are used."""
    for name, buffer in module.named_buffers():
        if buffer.is_floating_point():
            buffer.copy_(torch.rand_like(buffer) + ("var" in name))
    return module

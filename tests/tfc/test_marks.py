"""Times that networks of a known size must keep, on the emulated chip."""

from pathlib import Path

import pytest
import torch
from torch import nn

import tfc
from tfc.ir.work import macs

TOKENS, WIDTH, HEADS, HEAD = 32, 64, 16, 64


class SelfAttention(nn.Module):
    """Multi-head attention with its projections."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(WIDTH, HEADS * HEAD) for _ in range(3))
        self.out = nn.Linear(HEADS * HEAD, WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (project(x).reshape(1, TOKENS, HEADS, HEAD).transpose(1, 2) for project in (self.q, self.k, self.v))
        mixed = nn.functional.scaled_dot_product_attention(q, k, v)
        out: torch.Tensor = self.out(mixed.transpose(1, 2).reshape(1, TOKENS, HEADS * HEAD))
        return out


def test_dense_attention_of_ten_million_products(tmp_path: Path) -> None:
    """10.49 million multiply-accumulates in at most 12 million cycles of an STM32H743: 7.8 million."""
    torch.manual_seed(0)
    compiled = tfc.compile(SelfAttention().eval(), (torch.zeros(1, TOKENS, WIDTH),), target="stm32h743", calib="random", output=tmp_path / "attention")
    assert sum(macs(compiled.graph, node) for node in compiled.graph) == 4 * TOKENS * WIDTH * HEADS * HEAD + 2 * TOKENS * TOKENS * HEADS * HEAD
    inputs = [x[0] for x in compiled.golden("inputs")]
    outputs, run = compiled.emulate(inputs, timing="full")
    assert [y.tolist() for y in outputs] == [y[0].tolist() for y in compiled.golden("outputs")]
    assert run.profile
    assert run.profile.cycles <= 12e6
    attention = next(row for row in compiled.costs(run.profile) if row["kernel"] == "attention_s8")
    assert attention["cycles"] == pytest.approx(2 * TOKENS * TOKENS * HEADS * HEAD, rel=0.15)

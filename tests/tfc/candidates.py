"""Estimates beside the emulated chip on whole networks: python tests/tfc/candidates.py [--count 60] [--target stm32f746]

Candidates are random members of the cifar10 space with random densities, spread over a latency of ten times. Prints one line each, then the mean and
largest error and Kendall's rank correlation.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

import numpy as np
import torch
from scipy.stats import kendalltau

import tfc
from tfc.nas.presets import preset
from tfc.nas.pruning import prune

BLOCKS = ((1, 1), (1, 2), (1, 4), (2, 2), (2, 4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--target", default="stm32f746")
    options = parser.parse_args()
    space, draw, session, rows = preset("cifar10").space, random.Random(0), tfc.Session(options.target), []
    while len(rows) < options.count:
        path = space.sample(draw)
        torch.manual_seed(len(rows))
        model = space.build(path).eval()
        example = (torch.zeros(space.shape(path)),)
        plan = {layer: (draw.choice(BLOCKS), draw.choice((0.0, 0.5, 0.7, 0.8, 0.9))) for layer in space.layers(path)}
        prune(model, plan)
        known = session.prepared(model, example)
        density = session.estimate(known, sparsity={layer: tfc.Sparsity(block, 1 - zeros) for layer, (block, zeros) in plan.items()})
        masks = session.estimate(known)
        if not masks.fits:
            continue
        with tempfile.TemporaryDirectory() as folder:
            compiled = tfc.compile(model, example, target=options.target, calib="random", output=Path(folder) / "net")
            _, run = compiled.emulate([x[0] for x in compiled.golden("inputs")], timing="full")
        assert run.profile is not None
        ram, flash = compiled.report["ram"]["total_bytes"], compiled.report["flash"]["total_bytes"]
        off = 100 * (masks.cycles / run.profile.cycles - 1)
        rows.append((masks.cycles, run.profile.cycles, off, abs(off) <= masks.error_percent, masks.ram_bytes == ram))
        rows[-1] += (100 * (masks.flash_bytes / flash - 1), 100 * (density.flash_bytes / flash - 1))
        print(
            f"{len(rows):3} {masks.cycles:11,} {run.profile.cycles:13,.0f} {off:+6.1f} % ± {masks.error_percent:4} %  RAM {masks.ram_bytes - ram:+d}"
            f"  flash {rows[-1][5]:+.2f} % by masks, {rows[-1][6]:+.2f} % by density",
            flush=True,
        )
    model_cycles, cycles, off, inside, ram, by_masks, by_density = (np.array(column) for column in zip(*rows, strict=True))
    print(f"spread {cycles.max() / cycles.min():.1f} times")
    print(f"errors: mean {abs(off).mean():.2f} %, largest {abs(off).max():.2f} %, {inside.mean():.0%} inside the bar")
    print(f"Kendall {kendalltau(model_cycles, cycles).statistic:.4f}; RAM exact {ram.mean():.0%}")
    print(f"flash: largest error {abs(by_masks).max():.2f} % by masks, {abs(by_density).max():.2f} % by density")


if __name__ == "__main__":
    main()

"""Cycles for each non-zero multiply-accumulate against density, and what all other kernels take for a result, as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator

from .break_even import fastest_dense
from .measure import Sample
from .results import LIMIT

COLUMNS = 2
INCHES = (11.0, 3.4)  # of a row of panels
BAR = 0.19  # inches
TICKS = (0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20)


def draw(samples: Sequence[Sample], path: Path, title: str) -> None:
    """The chart as a file; equal samples give equal bytes."""
    chart(samples, title).savefig(path, dpi=100, metadata={"Software": None})


def chart(samples: Sequence[Sample], title: str) -> Figure:
    """A panel for each layer with sparse samples; below, bars of the kernels that do not skip zeros."""
    sparse = [sample for sample in samples if sample.block]
    layers = list(dict.fromkeys(sample.layer for sample in sparse))
    bars = [one for one in samples if not one.block and one.layer not in layers]
    heights = [INCHES[1]] * -(-len(layers) // COLUMNS) + ([BAR * len(bars) + 0.6] if bars else [])
    figure = Figure(figsize=(INCHES[0], sum(heights) + 0.8), layout="constrained")
    figure.suptitle(title)
    grid = figure.add_gridspec(len(heights), COLUMNS, height_ratios=heights)
    colours = {block: f"C{index}" for index, block in enumerate(dict.fromkeys(one.block for one in sparse))}
    lines: dict[str, Line2D] = {}
    for index, layer in enumerate(layers):
        axes = figure.add_subplot(grid[index // COLUMNS, index % COLUMNS])
        lines |= density_panel(axes, [one for one in sparse if one.layer == layer], fastest_dense(samples, layer), colours)
    if lines:
        figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=len(lines))
    if bars:
        bar_panel(figure.add_subplot(grid[-1, :]), bars)
    return figure


def density_panel(axes: Axes, sparse: Sequence[Sample], dense: Sample | None, colours: Mapping[str, str]) -> dict[str, Line2D]:
    """The lines of a layer by name. Both axes are logarithmic: cycles that do not depend on density are a straight line."""
    lines = {}
    for block in dict.fromkeys(one.block for one in sparse):
        points = sorted((100 * one.density, one.cycles_per_nonzero_mac) for one in sparse if one.block == block)
        lines[f"blocks {block}"] = axes.plot(*zip(*points, strict=True), marker=".", color=colours[block])[0]
    if dense:
        ends = [min(one.density for one in sparse), 1.0]
        lines["dense"] = axes.plot([100 * end for end in ends], [dense.cycles / (end * dense.macs) for end in ends], color="black")[0]
    lines["limit"] = axes.axhline(LIMIT, color="black", linestyle=":")
    axes.set(xscale="log", yscale="log", title=sparse[0].layer, xlabel="density, %", ylabel="cycles per non-zero MAC")
    axes.set_ylim(LIMIT * 0.9, 1.1 * max(one.cycles_per_nonzero_mac for one in sparse))
    axes.set_xticks(sorted({100 * one.asked_density for one in sparse}))
    axes.set_yticks([tick for tick in TICKS if tick < axes.get_ylim()[1]])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())
    axes.grid(alpha=0.3)
    return lines


def bar_panel(axes: Axes, bars: Sequence[Sample]) -> None:
    """The first on top; logarithmic, because kernels lie far apart."""
    values = [one.cycles / one.results for one in bars]
    drawn = axes.barh(range(len(bars)), values, log=True)
    axes.bar_label(drawn, labels=[f"{value:.1f}" for value in values], padding=3, fontsize="small")
    axes.set_yticks(range(len(bars)), [f"{one.kernel}  {one.layer}" for one in bars], fontsize="small")
    axes.set_xlim(min(0.5, *values), 2 * max(values))
    axes.set(xlabel="cycles per result")
    axes.invert_yaxis()
    axes.margins(y=0.01)

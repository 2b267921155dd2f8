"""The Pareto front as a picture, and as a page on which each candidate tells what it is."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape
from pathlib import Path

from matplotlib.figure import Figure

from tfc.nas.front import Found

AXES = {"ms": ("latency, ms", 1.0), "ram_bytes": ("RAM, KB", 1024.0), "flash_bytes": ("flash, KB", 1024.0)}
ACCURACY = "accuracy with inherited weights, %"


def draw(found: Sequence[Found], front: Sequence[Found], path: Path, title: str) -> None:
    """Accuracy over each cost: all candidates that fit, the front, the winner; equal candidates give equal bytes."""
    figure = Figure(figsize=(13, 4.4), layout="constrained")
    figure.suptitle(title)
    for axes, (cost, (label, unit)) in zip(figure.subplots(1, len(AXES), sharey=True), AXES.items(), strict=True):
        for some, style in ((found, {"color": "0.75", "s": 12}), (front, {"color": "C0", "s": 24}), (front[:1], {"color": "C3", "s": 60, "marker": "*"})):
            axes.scatter([getattr(one, cost) / unit for one in some], [one.accuracy for one in some], **style)
        axes.set_xlabel(label)
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel(ACCURACY)
    figure.legend(["fits", "front", "winner"], loc="outside lower center", ncols=3)
    figure.savefig(path, dpi=100, metadata={"Software": None})


def write_page(found: Sequence[Found], front: Sequence[Found], path: Path, title: str) -> None:
    """The same as one HTML file that needs nothing else; under the pointer a candidate tells its path and its zeros."""
    from plotly.graph_objects import Scatter
    from plotly.subplots import make_subplots

    page = make_subplots(1, len(AXES), shared_yaxes=True, horizontal_spacing=0.03)
    others = [one for one in found if one not in front]
    for column, (cost, (label, unit)) in enumerate(AXES.items(), 1):
        for name, some, marker in (
            ("fits", others, {"color": "#bbb", "size": 6}),
            ("front", front[1:], {"color": "#1f77b4", "size": 9}),
            ("winner", front[:1], {"color": "#d62728", "size": 14, "symbol": "star"}),
        ):
            x, y = [getattr(one, cost) / unit for one in some], [one.accuracy for one in some]
            text = [described(one) for one in some]
            dots = Scatter(x=x, y=y, text=text, hoverinfo="text", mode="markers", marker=marker, name=name, legendgroup=name, showlegend=column == 1)
            page.add_trace(dots, 1, column)
        page.update_xaxes(title_text=label, row=1, col=column)
    page.update_yaxes(title_text=ACCURACY, row=1, col=1)
    page.update_layout(title=escape(title), template="plotly_white", hoverlabel={"align": "left"})
    page.write_html(path, include_plotlyjs=True, div_id="front")


def described(one: Found) -> str:
    """What stands under the pointer."""
    path = " ".join(f"{key}={value}" for key, value in one.candidate.path.items())
    zeros = ", ".join(f"{layer} {rows}x{columns} {100 * share:.0f} %" for layer, ((rows, columns), share) in one.candidate.sparsity.items())
    head = f"<b>candidate {one.number}</b>: {one.accuracy:.2f} %, {one.ms:.2f} ms, RAM {one.ram_bytes:,}, flash {one.flash_bytes:,} bytes"
    return "<br>".join([head, *textwrap.wrap(escape(path), 100), *textwrap.wrap(escape(f"zeros: {zeros or 'none'}"), 100)])

"""The distributions by which SuperNAS judged supernets, as PNG."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from tfc.nas.candidates import Limits
from tfc.nas.supernas import Judged

FIRST, OTHERS = "tab:red", "0.7"


def draw(ranked: Sequence[tuple[Judged, float]], limits: Limits, out: Path) -> None:
    """Left, how the promises of each supernet's members are distributed, from the share that does not fit; right, what the members cost."""
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    promise, costs = figure.subplots(1, 2)
    for rank, (judged, score) in reversed(list(enumerate(ranked, 1))):
        chosen = rank == 1
        colour, label = (FIRST, f"the best: {score:.3g}") if chosen else (OTHERS, f"others: {score:.3g} at worst" if rank == len(ranked) else None)
        promises = sorted(member.promise for member in judged.members if member.fits)
        n, outside = len(judged.members), len(judged.members) - len(promises)
        if promises:
            promise.step(promises, [(outside + i) / n for i in range(1, len(promises) + 1)], where="post", color=colour, label=label)
        for fits, marker in ((True, "o"), (False, "x")):
            shown = [member.costs for member in judged.members if member.fits == fits]
            named = f"the best, {'fits' if fits else 'does not fit'}" if chosen and shown else None
            costs.scatter([c.ms for c in shown], [c.ram_bytes / 1024 for c in shown], s=14, marker=marker, color=colour, label=named)
    promise.set(xlabel="promise of a member", ylabel="share of members up to it, or that do not fit", ylim=(0, 1))
    costs.set(xlabel="ms", ylabel="KB of RAM", xscale="log", yscale="log")
    costs.axhline(limits.ram_bytes / 1024, color="black", linewidth=0.8)
    if limits.ms < float("inf"):
        costs.axvline(limits.ms, color="black", linewidth=0.8)
    for axes in (promise, costs):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(out, dpi=120)

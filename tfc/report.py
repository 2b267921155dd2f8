"""What a compiled model needs: report.json, and the same as one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from tfc.backends.formats import stored_bytes
from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node, Place
from tfc.ir.work import macs, nonzero_macs
from tfc.passes.lifetimes import Buffer, buffers, live_bytes
from tfc.passes.offers import Forced, weights_of
from tfc.passes.order_nodes import least_of_any_order
from tfc.passes.plan_memory import Plan, make_plan

FORMAT = 1
SHOWN = 10  # of what is alive at the peak


@dataclass(frozen=True)
class Budget:
    """What the firmware may take, in bytes; `reserve` of the RAM is left to the application."""

    ram: int
    flash: int
    reserve: int = 0


@dataclass(frozen=True)
class Sizes:
    """What the linked firmware takes, in bytes."""

    stack: int
    static: int
    code: int
    weights: int


def make_report(graph: Graph, target: Target, budget: Budget, sizes: Sizes, noise: Mapping[str, float], forced: Mapping[str, Forced]) -> dict[str, Any]:
    """report.json of a placed graph; `noise` is the signal-to-noise ratio of each value in decibels, `forced` what a budget kept from a node."""
    plan, least = make_plan(graph, target), least_of_any_order(graph)
    total = totals(plan, budget, sizes)
    order = {"order_bound_bytes": least, "order_optimal": plan.lower_bound == least}
    return {
        "format": FORMAT,
        "target": target.name,
        "model": graph.name,
        **total,
        "ram": {**total["ram"], **order, "pools": pool_use(target, plan)},
        "latency": None,
        "ways_to_fit": [],
        "nodes": [
            {**node_row(graph, node), "snr_db": noise.get(node.name), "instead_of": vars(forced[node.name]) if node.name in forced else None}
            for node in graph
            if node.op not in ("arg", "const")
        ],
    }


def totals(plan: Plan, budget: Budget, sizes: Sizes) -> dict[str, Any]:
    """What a plan and firmware of these sizes take of RAM and flash."""
    ram, flash = plan.peak + sizes.stack + sizes.static + budget.reserve, sizes.weights + sizes.code
    return {
        "fits": ram <= budget.ram and flash <= budget.flash,
        "ram": {
            "arena_bytes": plan.peak,
            "stack_bytes": sizes.stack,
            "static_bytes": sizes.static,
            "reserve_bytes": budget.reserve,
            "total_bytes": ram,
            "limit_bytes": budget.ram,
            "lower_bound_bytes": plan.lower_bound,
            "optimal": plan.optimal,
        },
        "flash": {"weights_bytes": sizes.weights, "code_bytes": sizes.code, "total_bytes": flash, "limit_bytes": budget.flash},
    }


def pool_use(target: Target, plan: Plan) -> list[dict[str, Any]]:
    """How far the arena reaches into each pool."""
    rows = []
    for span in target.spans:
        left = plan.peaks[span[0].name]
        for pool in span:
            rows.append({"name": pool.name, "used_bytes": min(left, pool.size), "size_bytes": pool.size})
            left = max(left - pool.size, 0)
    return rows


def node_row(graph: Graph, node: Node) -> dict[str, Any]:
    """One node: `ram_bytes` is its value and scratch, `flash_bytes` its constants as stored, `format` how its weights are."""
    weights = weights_of(graph, node)
    constants = [graph[name] for name in node.operands if graph[name].op == "const"]
    return {
        "name": node.name,
        "op": node.op,
        "kernel": node.attrs.get("kernel"),
        "layout": node.type.layout or "row-major",
        "format": weights.attrs.get("format", "dense") if weights else None,
        "macs": macs(graph, node),
        "nonzero_macs": nonzero_macs(graph, node),
        "cycles": None,
        "ram_bytes": (node.type.bytes if isinstance(node.place, Place) else 0) + (node.scratch.bytes if node.scratch else 0),
        "flash_bytes": sum(stored_bytes(graph, constant) for constant in constants),
        "source": f"{node.source.module} {node.source.line}".strip() if node.source else "",
    }


def explain_overflow(graph: Graph, report: dict[str, Any]) -> str:
    """Which memory is short, by how many bytes, what is alive at the peak, and with which options the model fits or fails too."""
    lines, short = [], []
    for memory in ("ram", "flash"):
        over = report[memory]["total_bytes"] - report[memory]["limit_bytes"]
        if over > 0:
            short.append(memory)
            lines.append(f"{memory}: {report[memory]['total_bytes']} bytes of {report[memory]['limit_bytes']}, {over} too many")
    if "ram" in short:
        peak, bytes, alive = alive_at_peak(graph)
        lines.append(f"alive at the peak, while {peak} runs, are {bytes:,} bytes:")
        lines += [f"  %{buffer.name}: {buffer.bytes:,} bytes" for buffer in alive[:SHOWN]]
        if rest := alive[SHOWN:]:
            lines.append(f"  {len(rest)} more: {sum(buffer.bytes for buffer in rest):,} bytes")
        if shared := sum(buffer.bytes for buffer in alive) - bytes:
            lines.append(f"  less {shared:,} bytes that its result may share with what it reads")
    for way in report["ways_to_fit"]:
        taken = " and ".join(f"{way[f'{memory}_bytes']:,} bytes of {memory}" for memory in short)
        lines.append(f"with {way['options']} it takes {taken} and {'fits' if way['fits'] else 'does not fit either'}")
    if report["ways_to_fit"]:
        code = "code taken to be as large as here" if report["flash"]["code_bytes"] else "without code, because nothing was linked here"
        lines.append(f"({code})")
    return "\n".join(lines)


def alive_at_peak(graph: Graph) -> tuple[str, int, list[Buffer]]:
    """The first node with the most live bytes, numbered among all, these bytes, and what is alive then, largest first."""
    live, names = live_bytes(graph), [node.name for node in graph]
    step = max(range(len(names)), key=lambda index: live[index + 1])
    alive = [buffer for buffer in buffers(graph) if buffer.first <= step <= buffer.last]
    return f"%{names[step]} (node {step + 1} of {len(names)})", live[step + 1], sorted(alive, key=lambda buffer: -buffer.bytes)


def render_page(report: dict[str, Any], memory: str) -> str:
    """The report, and memory.svg, as one HTML page that needs nothing else."""
    template = files("tfc").joinpath("report.html").read_text(encoding="utf-8")
    return jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(template).render(report=report, memory=Markup(memory))

"""Latency, RAM and flash of a network before it is compiled: no samples, no trained weights, milliseconds for a candidate that a session knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfc.backends.fits import ALL, WEIGHTED, variant_of
from tfc.backends.measures import once
from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node
from tfc.ir.int_rules import Call
from tfc.ir.work import macs
from tfc.passes.optimum import Offer
from tfc.passes.plan_memory import Plan, waiting_cycles
from tfc.report import FORMAT, Budget, pool_use

BORROWED = 25.0  # per cent, of rates that were found on another chip
BEYOND, DOUBT = 16.0, 3.0  # how many times larger than what a fit saw a layer may be; how many times less sure estimates are of those that are larger
UNFITTED = 30.0  # per cent, of kernels that no layer was measured with
FEW_CHANNELS = 4  # kernels of so few input channels do not skip zeros


@dataclass(frozen=True)
class NodeEstimate:
    """One node. `ram_bytes` is its value and scratch, `flash_bytes` its constants in the form that its kernel reads, `error_percent` that of its cycles."""

    name: str
    op: str
    kernel: str
    format: str | None
    macs: int
    nonzero_macs: int
    cycles: int
    error_percent: float
    ram_bytes: int
    flash_bytes: int
    source: str
    measured: bool  # whether it is like what its kernel was measured on


@dataclass(frozen=True)
class Estimate:
    """What a firmware would take. `error_percent` is how far the emulated chip may be off the estimated cycles, in nineteen of twenty cases; RAM is
    what the compiler would plan, to the byte. `warnings` name what the estimate had to guess."""

    target: str
    model: str
    fits: bool
    cycles: int
    ms: float
    error_percent: float
    chip_error_percent: float  # and how far a real chip may be off the emulated one
    arena_bytes: int
    stack_bytes: int
    reserve_bytes: int
    ram_limit_bytes: int
    lower_bound_bytes: int
    pools: tuple[tuple[str, int, int], ...]  # name, bytes used, size
    weights_bytes: int
    code_bytes: int
    flash_limit_bytes: int
    nodes: tuple[NodeEstimate, ...]
    warnings: tuple[str, ...] = ()

    @property
    def ram_bytes(self) -> int:
        """Arena, stack and what is left to the application."""
        return self.arena_bytes + self.stack_bytes + self.reserve_bytes

    @property
    def flash_bytes(self) -> int:
        """Weights and all other constants, and code."""
        return self.weights_bytes + self.code_bytes

    def as_json(self) -> dict[str, Any]:
        """In the form of report.json."""
        ram = {"arena_bytes": self.arena_bytes, "stack_bytes": self.stack_bytes, "static_bytes": 0, "reserve_bytes": self.reserve_bytes}
        ram |= {"total_bytes": self.ram_bytes, "limit_bytes": self.ram_limit_bytes, "lower_bound_bytes": self.lower_bound_bytes}
        pools = [dict(zip(("name", "used_bytes", "size_bytes"), pool, strict=True)) for pool in self.pools]
        flash = {"weights_bytes": self.weights_bytes, "code_bytes": self.code_bytes, "total_bytes": self.flash_bytes, "limit_bytes": self.flash_limit_bytes}
        errors = {"error_percent": self.error_percent, "chip_error_percent": self.chip_error_percent}
        return {
            "format": FORMAT,
            "target": self.target,
            "model": self.model,
            "fits": self.fits,
            "ram": {**ram, "optimal": self.arena_bytes == self.lower_bound_bytes, "pools": pools},
            "flash": flash,
            "latency": {"cycles": self.cycles, "ms": self.ms, **errors, "source": "estimate"},
            "warnings": list(self.warnings),
            "nodes": [asdict(node) for node in self.nodes],
        }


def estimated(graph: Graph, target: Target, budget: Budget, stack: int, taken: Mapping[str, Offer], plan: Plan) -> Estimate:
    """Of the offers that the nodes of a graph have taken, and a plan of their memory."""
    nodes = tuple(node_estimate(graph[name], graph, target, offer) for name, offer in taken.items())
    waits = waiting_cycles(plan, target)
    cycles = sum(node.cycles for node in nodes) + waits
    weights, code = flash_bytes(graph, target, taken)
    ram = plan.peak + stack + budget.reserve
    return Estimate(
        target=target.name,
        model=graph.name,
        fits=ram <= budget.ram and weights + code <= budget.flash,
        cycles=round(cycles),
        ms=round(1000 * cycles / target.clock_hz, 4),
        error_percent=error_percent(nodes, waits, target),
        chip_error_percent=target.error_percent,
        arena_bytes=plan.peak,
        stack_bytes=stack,
        reserve_bytes=budget.reserve,
        ram_limit_bytes=budget.ram,
        lower_bound_bytes=plan.lower_bound,
        pools=tuple((row["name"], row["used_bytes"], row["size_bytes"]) for row in pool_use(target, plan)),
        weights_bytes=weights,
        code_bytes=code,
        flash_limit_bytes=budget.flash,
        nodes=nodes,
        warnings=tuple(doubts(nodes, target)),
    )


def node_estimate(node: Node, graph: Graph, target: Target, offer: Offer) -> NodeEstimate:
    weights = graph.constant(node.operands[1]) if node.op in WEIGHTED else None
    products = macs(graph, node)
    return NodeEstimate(
        name=node.name,
        op=node.op,
        kernel=offer.kernel,
        format=offer.form or None,
        macs=products,
        nonzero_macs=products if weights is None else products * once(count_nonzero, weights) // weights.size,
        cycles=offer.cycles,
        error_percent=round(node_error(node, graph, target, offer), 1),
        ram_bytes=node.type.bytes + offer.scratch,
        flash_bytes=offer.flash + offer.stored,
        source=f"{node.source.module} {node.source.line}".strip() if node.source else "",
        measured=not is_beyond(node, graph, target, offer),
    )


def count_nonzero(weights: NDArray[Any]) -> int:
    return int(np.count_nonzero(weights))


def node_error(node: Node, graph: Graph, target: Target, offer: Offer) -> float:
    """Below which 95 % of the errors of this kernel were, in per cent; more where the node is far larger than what was measured."""
    fit = target.fit
    errors = fit.errors.get(offer.kernel)
    known = errors.p95 if errors else fit.errors[ALL].p95 if ALL in fit.errors and offer.kernel in fit.ranges else UNFITTED
    return known * (DOUBT if is_beyond(node, graph, target, offer) else 1.0) + (BORROWED if fit.target != target.name else 0.0)


def is_beyond(node: Node, graph: Graph, target: Target, offer: Offer) -> bool:
    """Whether a node is far larger than all that its kernel was measured on."""
    seen = target.fit.ranges.get(offer.kernel)
    if seen is None:
        return True
    weights = graph[node.operands[1]].type if node.op in WEIGHTED else None
    window = int(np.prod(weights.shape[1:-1])) if weights else 1
    return window > max(seen.window, 1) or (weights.size if weights else 0) > BEYOND * max(seen.weights, 1) or node.type.size > BEYOND * seen.results


def error_percent(nodes: Sequence[NodeEstimate], waits: float, target: Target) -> float:
    """Of all together: the nodes of one kernel are off alike, kernels independently of each other; what the core waits for is known to a half."""
    kernels: dict[str, float] = {"": 50.0 * waits}
    for node in nodes:
        kernels[node.kernel] = kernels.get(node.kernel, 0.0) + node.error_percent * node.cycles
    total = sum(node.cycles for node in nodes) + waits
    return round(sqrt(sum(part * part for part in kernels.values())) / max(total, 1.0), 1)


def doubts(nodes: Sequence[NodeEstimate], target: Target) -> list[str]:
    """What the estimate had to guess."""
    found = []
    if target.fit.target != target.name:
        found.append(f"{target.name} has no fit of its own: these are cycles of {target.fit.target}; tfc bench --fit makes one")
    for node in nodes:
        if node.kernel not in target.fit.ranges:
            found.append(f"%{node.name}: {node.kernel} was never measured")
        elif not node.measured:
            found.append(f"%{node.name} is larger than all that {node.kernel} was measured on")
    return found


def flash_bytes(graph: Graph, target: Target, taken: Mapping[str, Offer]) -> tuple[int, int]:
    """Constants as stored, shared ones once for each form; and code, each function once."""
    code, stored, variants = target.fit.code, dict[tuple[Any, str], int](), []
    for name, offer in taken.items():
        node = graph[name]
        variants.append(variant_of(Call(node, tuple(graph[operand].type for operand in node.operands), graph), offer.kernel))
        if offer.form:
            stored[graph[node.operands[1]].attrs["data"], offer.form] = offer.stored
    ends = sum(node.type.bytes for node in (*graph.arguments, *(graph[name] for name in graph.results)))  # golden samples
    constants = sum(offer.flash for offer in taken.values()) + sum(stored.values()) + code.facts * len(taken) + ends
    return code.constants + constants, code.bytes(variants)

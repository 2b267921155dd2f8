"""Accuracy rescue: what can be done about quantization without training."""

from __future__ import annotations

from collections.abc import Sequence

from tfc.backends.target import Target
from tfc.data import quantize_inputs
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node, Tensor
from tfc.noise import SAMPLES, signal_to_noise
from tfc.passes.calibrate import calibrate_on, has_table
from tfc.passes.pipeline import integer_passes, run_pipeline
from tfc.passes.plan_memory import make_plan
from tfc.passes.quantize_widths import MAKES_WIDE, takes_wide
from tfc.report import Budget

GAIN = 0.1  # decibels at the results that a change must bring
TRIALS = 24


def rescue(graph: Graph, target: Target, samples: Sequence[Tensor], budget: Budget) -> Graph:
    """The ranged graph of least noise at the results: channels equalized if that helps, the worst residual values in int16.

    int16 values cost RAM; they are taken back, the least useful first, until the plan fits the budget.
    """
    plain = calibrate_on(graph, samples)
    equal = calibrate_on(run_pipeline(plain, target, "equalize"), samples)
    best = max((plain, equal), key=lambda ranged: quality(ranged, target, samples)[0])
    score, noise = quality(best, target, samples)
    marked = []
    for node in sorted(worth_widening(best), key=lambda node: noise.get(node.name, 0.0))[:TRIALS]:
        trial = best.copy()
        trial.add(best[node.name].but(wide=True))
        better, _ = quality(trial, target, samples)
        if better >= score + GAIN and has_kernels(trial, target):
            marked.append((better - score, node.name))
            best, score = trial, better
    for _, name in sorted(marked):
        if fits(best, target, budget):
            break
        best.add(best[name].but(wide=None))
    return best


def quality(ranged: Graph, target: Target, samples: Sequence[Tensor]) -> tuple[float, dict[str, float]]:
    """The worst signal-to-noise ratio of a result, and that of every value, in decibels."""
    quantized = run_pipeline(ranged, target, "quantize")
    few = [x[:SAMPLES] for x in samples]
    noise = signal_to_noise(ranged, quantized, few, quantize_inputs(quantized, few))
    return min(noise[name] for name in quantized.results), noise


def worth_widening(graph: Graph) -> list[Node]:
    """Values that may be int16 and have a reader that takes them so."""
    return [node for node in graph.of_op(*MAKES_WIDE) if not has_table(node) and "qparams" not in node.attrs and is_read_wide(graph, node)]


def is_read_wide(graph: Graph, node: Node) -> bool:
    places = ((user, index) for user in graph.users(node) for index, name in enumerate(user.operands) if name == node.name)
    return any(takes_wide(graph, user, index) for user, index in places)


def has_kernels(graph: Graph, target: Target) -> bool:
    """Whether every node finds a kernel with the types that it then has."""
    try:
        run_pipeline(graph, target, "quantize,choose-layouts,choose-kernels")
    except Diagnostic:
        return False
    return True


def fits(graph: Graph, target: Target, budget: Budget) -> bool:
    ram = budget.ram - budget.reserve
    return make_plan(run_pipeline(graph, target, integer_passes("latency", ram=ram)), target).peak <= ram

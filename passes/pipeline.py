"""The passes there are, pipelines as text, and how they run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tfc.backends.target import Target
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph
from tfc.ir.signature import Option, check_options, options
from tfc.ir.verify import verify
from tfc.ir.weights import save_graph

from .absorb_quantization import absorb_quantization
from .assume_ranges import assume_ranges
from .calibrate import calibrate
from .choose_kernels import choose_kernels
from .choose_layouts import choose_layouts
from .drop_dead import drop_dead
from .drop_expands import drop_expands
from .drop_identities import drop_identities
from .equalize import equalize
from .fold_batch_norm import fold_batch_norm
from .fold_constants import fold_constants
from .fold_padding import fold_padding
from .fold_scales import fold_scales
from .fold_unfold import fold_unfold
from .fuse_activation import fuse_activation
from .fuse_attention import fuse_attention
from .fuse_norms import fuse_norms
from .fuse_residual import fuse_residual
from .hoist_clamps import hoist_clamps
from .lower_peak import lower_peak
from .merge_twins import merge_twins
from .name_functions import name_functions
from .order_nodes import order_nodes
from .plan_memory import plan_memory
from .quantize import quantize
from .simplify_moves import simplify_moves
from .sink_reshapes import sink_reshapes
from .split_products import split_products
from .stream_rows import stream_rows
from .to_nhwc import to_nhwc
from .turn_weights import turn_weights

PassFunction = Callable[..., Graph]
Hook = Callable[["Pass", Graph], None]

PASSES: tuple[PassFunction, ...] = (
    fold_constants,
    drop_dead,
    merge_twins,
    name_functions,
    absorb_quantization,
    fuse_attention,
    to_nhwc,
    simplify_moves,
    fuse_norms,
    drop_expands,
    fold_unfold,
    sink_reshapes,
    turn_weights,
    split_products,
    fold_padding,
    fold_batch_norm,
    fold_scales,
    hoist_clamps,
    fuse_residual,
    fuse_activation,
    equalize,
    calibrate,
    assume_ranges,
    quantize,
    drop_identities,
    order_nodes,
    stream_rows,
    lower_peak,
    choose_layouts,
    choose_kernels,
    plan_memory,
)

# Functions get their names before scales are absorbed, which stand between their parts where a model brings them. Attention reads the
# head splits as they were traced. Moves before fold_unfold, so that no reshape keeps an unfold from sinking; reshapes sink behind
# fold_unfold, which reads them as they were traced. Norms when channels lie last. Batch norm after all of these, when it stands behind
# its convolution; scales after batch norm, which may leave some. Dead nodes go where passes ask who reads a value.
# Residuals before activations: relu(conv + r) is one kernel, silu(conv) + r is two.
FLOAT = ",".join(
    (
        "fold-constants",
        "merge-twins",
        "name-functions",
        "absorb-quantization",
        "fuse-attention",
        "to-nhwc",
        "simplify-moves",
        "drop-dead",
        "fuse-norms",
        "drop-expands",
        "fold-unfold",
        "sink-reshapes",
        "simplify-moves",
        "drop-dead",
        "turn-weights",
        "split-products",
        "fold-padding",
        "drop-dead",
        "fold-batch-norm",
        "fold-scales",
        "hoist-clamps",
        "fuse-residual",
        "fuse-activation",
        "drop-dead",
    )
)


# The schedule first: the optimum asks what is alive while each node runs.
INTEGER = "quantize,drop-identities,drop-dead,order-nodes"


def choosing_passes(objective: str, ram: int | None = None, flash: int | None = None) -> str:
    """The pipeline from a schedule to places; `objective` is what layouts and kernels minimise inside these bytes, by default all that the chip has.

    Maps are computed by rows where the values alone take more RAM than there is, or wherever that lowers the peak if RAM is the objective.
    """
    bounds = "".join(f",{name}={bytes}" for name, bytes in (("ram", ram), ("flash", flash)) if bytes is not None)
    chosen = f"{{objective={objective}{bounds}}}"
    enough = "{ram=0}" if objective == "ram" else "" if ram is None else f"{{ram={ram}}}"
    return f"lower-peak{enough},choose-layouts{chosen},choose-kernels{chosen},plan-memory"


def integer_passes(objective: str, ram: int | None = None, flash: int | None = None) -> str:
    """The pipeline from ranges to places."""
    return f"{INTEGER},{choosing_passes(objective, ram, flash)}"


@dataclass(frozen=True)
class Pass:
    """A pass with its options, as a pipeline names it."""

    function: PassFunction
    given: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.function.__name__.replace("_", "-")

    @cached_property
    def options(self) -> dict[str, Option]:
        return options(self.function)

    def __str__(self) -> str:
        inside = ",".join(f"{key}={value}" for key, value in self.given.items())
        return f"{self.name}{{{inside}}}" if inside else self.name


def parse_pipeline(text: str) -> list[Pass]:
    """`a,b{k=v}` as passes; unknown names and options are a Diagnostic with the valid ones."""
    known = {function.__name__.replace("_", "-"): function for function in PASSES}
    passes = []
    for name, inside in _parts(text):
        if name not in known:
            raise Diagnostic(f"there is no pass '{name}'", help=f"passes: {', '.join(known)}")
        declared = options(known[name])
        given = dict(_option(item, declared, name) for item in inside.split(",") if item)
        passes.append(Pass(known[name], check_options(declared, given, name)))
    return passes


def _parts(text: str) -> list[tuple[str, str]]:
    pattern = re.compile(r"\s*([A-Za-z0-9_-]+)\s*(?:\{([^{}]*)\})?\s*(?:,|$)")
    parts, at = [], 0
    while at < len(text):
        match = pattern.match(text, at)
        if match is None:
            raise Diagnostic(f"'{text[at:]}' is not the rest of a pipeline", help='a pipeline is "a,b{k=v}"')
        parts.append((match[1].replace("_", "-"), match[2] or ""))
        at = match.end()
    return parts


def _option(item: str, declared: dict[str, Option], name: str) -> tuple[str, Any]:
    key, _, value = (part.strip() for part in item.partition("="))
    if key not in declared:
        raise Diagnostic(f"{name} has no option '{key}'", help=f"its options: {', '.join(sorted(declared)) or 'none'}")
    for convert in (int, float):
        try:
            return key, convert(value)
        except ValueError:
            continue
    return key, {"true": True, "false": False}.get(value, value)


def run_pipeline(
    graph: Graph, target: Target, passes: Sequence[Pass] | str, *, hook: Hook | None = None, check: bool = True, crash_file: Path = Path("tfc-crash.tfir")
) -> Graph:
    """The graph after these passes; each result is verified, unless it is only to be looked at. `hook` sees it after each pass.

    A crash inside a pass writes the graph before it to `crash_file` and says how to repeat it.
    """
    for step in parse_pipeline(passes) if isinstance(passes, str) else passes:
        try:
            after = step.function(graph, target, **step.given)
            if check:
                verify(after)
        except Diagnostic:
            raise
        except Exception as error:
            save_graph(graph, crash_file)
            command = f"tfc opt {shlex.quote(str(crash_file))} --target {target.name} --passes {shlex.quote(str(step))}"
            raise Diagnostic(f"{step.name} failed: {type(error).__name__}: {error}", help=f"this is an error of tfc; it repeats with: {command}") from error
        graph = after
        if hook:
            hook(step, graph)
    return graph

"""Give every value the range that it usually has, where nobody has samples: what kernels cost hardly depends on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node
from tfc.ir.ops import TIED
from tfc.ir.pointwise import FUNCTIONS, function_named
from tfc.ir.verify import require

from .calibrate import cut_to, has_table

USUAL = (-4.0, 4.0)
PIXELS = (0.0, 1.0)


def assume_ranges(graph: Graph, target: Target) -> Graph:
    """Arguments are images, functions have the image of the usual range, everything else that range; what calibration or the model brought stays."""
    require(graph, "float")
    graph = graph.copy()
    for node in graph:
        if node.op != "const" and not {"range", "qparams"} & set(node.attrs):
            given = {"pre_range": node.attrs.get("pre_range", USUAL)} if has_table(node) else {}
            graph.add(node.but(range=usual(graph, graph[cut_to(graph, node)]), **given))
    return graph


def usual(graph: Graph, node: Node) -> tuple[float, float]:
    if node.op == "arg":
        return PIXELS
    if node.op in FUNCTIONS:
        return image(node.op, node.attrs.get("parameters", ()))
    if "activation" in node.attrs:
        return image(node.attrs["activation"], node.attrs.get("parameters", ()))
    return usual(graph, graph[node.operands[0]]) if node.op in TIED else USUAL


def image(function: str, parameters: Sequence[float]) -> tuple[float, float]:
    """Of the usual range; a pole is no part of it."""
    values = np.clip([function_named(function, parameters)(x) for x in np.linspace(*USUAL, 65)], 8 * USUAL[0], 8 * USUAL[1])
    return float(values.min()), float(values.max())

"""Every case on every kernel that bids for it."""

from __future__ import annotations

import numpy as np

from tfc.backends.target import Target
from tfc.ir.graph import Graph

from .cases import graphs
from .graphs import bound_graphs, merged


def all_kernels(family: str, target: Target, seed: int = 7) -> Graph:
    """Every case of a family on every kernel that bids for it, in one graph; there must be one."""
    bound = [[graph for _, _, graph in bound_graphs(case, target)] for case in graphs(family, seed)]
    assert all(bound), f"no kernel bids for case {bound.index([])} of {family}"
    return merged([graph for graphs in bound for graph in graphs])


def differences(graph: Graph, outputs: list[bytes], expected: list[np.ndarray]) -> dict[str, str]:
    """The results that differ, with their kernel and how many elements."""
    found = {}
    for name, data, right in zip(graph.results, outputs, expected, strict=True):
        y = np.frombuffer(data, right.dtype).reshape(right.shape)
        if not np.array_equal(y, right):
            node = graph[name]
            found[f"{name} {node.op} {node.attrs['kernel']}"] = f"{np.count_nonzero(y != right)} of {y.size}, {[graph[x].type.shape for x in node.operands]}"
    return found

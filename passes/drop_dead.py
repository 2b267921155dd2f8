"""Drop what no result needs."""

import networkx as nx

from tfc.backends.target import Target
from tfc.ir.graph import Graph


def drop_dead(graph: Graph, target: Target) -> Graph:
    """Arguments stay: they are the interface. Tensors that nothing names any more go too."""
    needed = set(graph.results).union(*(nx.ancestors(graph.dag, name) for name in graph.results))
    kept = [node for node in graph if node.name in needed or node.op == "arg"]
    symbols = {node.attrs.get(key) for node in kept if node.op == "const" for key in ("data", "scales")} | {
        node.type.quantization.scale for node in kept if node.type.quantization
    }
    return Graph(graph.name, kept, graph.results, {name: tensor for name, tensor in graph.tensors.items() if name in symbols})

"""Drop what no result needs."""

import networkx as nx

from tfc.backends.target import Target
from tfc.ir.graph import Graph
from tfc.ir.types import Symbol


def drop_dead(graph: Graph, target: Target) -> Graph:
    """Arguments stay: they are the interface. Tensors that nothing names any more go too."""
    needed = set(graph.results).union(*(nx.ancestors(graph.dag, name) for name in graph.results))
    kept = [node for node in graph if node.name in needed or node.op == "arg"]
    symbols = {value for node in kept for value in node.attrs.values() if isinstance(value, Symbol)} | {
        node.type.quantization.scale for node in kept if node.type.quantization
    }
    return Graph(graph.name, kept, graph.results, {name: tensor for name, tensor in graph.tensors.items() if name in symbols})

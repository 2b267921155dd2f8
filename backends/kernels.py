"""Which kernels exist, and what they bid for a node."""

from __future__ import annotations

from tfc.ir.graph import Graph, Node
from tfc.ir.int_rules import Call

from . import bids_elements, bids_movement, bids_products, strip_shapes
from .cost import Cost
from .formats import format_named
from .kernel import Kernel
from .target import Target
from .walked import Walked

KERNELS: dict[str, Kernel] = {**bids_products.KERNELS, **bids_elements.KERNELS, **bids_movement.KERNELS}


def bids(node: Node, graph: Graph, target: Target) -> dict[str, Cost]:
    """What every kernel that applies asks for a quantized node, by kernel."""
    call = Call(node, tuple(graph[name].type for name in node.operands), graph)
    offers = {entry.name: entry.bid(call, target) for entry in KERNELS.values() if node.op in entry.ops}
    return {name: cost for name, cost in offers.items() if cost is not None}


def loop_orders(kernel: str, node: Node, graph: Graph) -> list[int]:
    """The values that the attribute `together` of a node may have with this kernel, the fastest first; none where the kernel has but one order."""
    form = format_named(KERNELS[kernel].format)
    if not isinstance(form, Walked):
        return []
    return strip_shapes.loop_orders(Call(node, tuple(graph[name].type for name in node.operands), graph), form, kernel.startswith("linear"))

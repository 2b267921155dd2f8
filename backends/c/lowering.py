"""One lowering rule an op: from a node to the kernel calls that compute it."""

from __future__ import annotations

from collections.abc import Callable

from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node
from tfc.ir.int_rules import Call
from tfc.ir.text import print_node

from . import lower_elements, lower_movement, lower_products
from .facts import KernelCall, Value
from .render import Address

Rule = Callable[[Call], list[KernelCall]]
LOWER: dict[str, Rule] = {**lower_products.RULES, **lower_elements.RULES, **lower_movement.RULES}


def lower(graph: Graph, node: Node, addresses: dict[str, Address]) -> list[KernelCall]:
    """The calls of a node; none where its bytes already lie where they belong."""
    if node.op not in LOWER:
        raise Diagnostic(f"'{node.op}' has no lowering to C", at=print_node(node), help=f"ops that have: {', '.join(sorted(LOWER))}")
    try:
        calls = LOWER[node.op](Call(node, tuple(graph[name].type for name in node.operands), graph))
    except Diagnostic as error:
        error.at = error.at or print_node(node)
        raise
    return [call for call in calls if not moves_nothing(call, addresses)]


def moves_nothing(call: KernelCall, addresses: dict[str, Address]) -> bool:
    """A copy of one run of bytes onto itself."""
    if call.kernel != "strided_copy_s8":
        return False
    sizes, steps = call.facts.fields["n"], (call.facts.fields["x"], call.facts.fields["y"])
    run = isinstance(sizes, tuple) and set(sizes[:-1]) == {1} and all(isinstance(step, tuple) and step[-1] == 1 for step in steps)
    x, y = (address_of(argument, addresses) if isinstance(argument, Value) else None for argument in call.arguments)
    return run and x is not None and x == y


def address_of(value: Value, addresses: dict[str, Address]) -> Address:
    home = addresses[value.name]
    return Address(home.pool, home.offset + value.offset)

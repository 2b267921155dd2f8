"""From ranges to integers: the one pass that changes bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tfc.backends.target import Target
from tfc.ir.arithmetic import LIMITS
from tfc.ir.attention_bias import integer_bias
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node
from tfc.ir.int_rules import INT, Call
from tfc.ir.ops import TIED
from tfc.ir.pointwise import CLAMPS
from tfc.ir.text import print_node
from tfc.ir.types import DTYPES, Quantization
from tfc.ir.verify import require

from .calibrate import has_table
from .constants import DTYPE_NAMES, add_constant, add_tensor, scalar
from .quantize_ranges import of, of_range, own
from .quantize_weights import lost_mean, quantize_weights
from .quantize_widths import NORMS, narrow, narrow_operands, typed


def quantize(graph: Graph, target: Target) -> Graph:
    """int8 activations with a scale a tensor, int8 weights with a scale a channel, int32 biases.

    Values marked `wide` become int16; readers that take only int8 get a rescaled copy.
    """
    require(graph, "ranged")
    graph = graph.copy()
    unsupported = [node for node in graph if node.op not in ("arg", "const") and node.op not in (*INT, "div")]
    if unsupported:
        raise Diagnostic("these operators have no integer form", at="\n      ".join(print_node(node) for node in unsupported))
    for node in graph:
        if node.op != "const":
            graph.add(RULES.get(node.op, activation)(graph, narrow_operands(graph, node)))
    for node in graph:
        graph.add(node.but(range=None, pre_range=None, qparams=None, means=None, peaks=None, wide=None))
    require(graph, "quantized")
    return graph


def activation(graph: Graph, node: Node) -> Node:
    """A value with a quantization of its own; constants among its operands get theirs from their extremes."""
    operands = [constant_operand(graph, node, name) for name in node.operands]
    return typed(replace(node, operands=tuple(operands)), own(node))


def constant_operand(graph: Graph, node: Node, name: str) -> str:
    tensor = graph.constant(name)
    if tensor is None:
        return name
    quantization = of_range(float(tensor.min()), float(tensor.max()))
    integers = np.clip(np.round(tensor / float(quantization.scale)) + quantization.zero_point, -128, 127).astype(np.int8)
    return add_constant(graph, f"{name}.i8", integers, before=node.name, quantization=quantization)


def attention(graph: Graph, node: Node) -> Node:
    """Its bias is counted in steps of the exponent table, whatever the scales of its operands."""
    operands = [constant_operand(graph, node, name) for name in node.operands[:3]]
    for name in node.operands[3:]:
        bias = graph.constant(name)
        if bias is None:
            raise Diagnostic("the bias of attention must be a constant", at=print_node(node))
        try:
            integers, quantization = integer_bias(bias)
        except Diagnostic as error:
            error.at = print_node(node)
            raise
        operands.append(add_constant(graph, f"{name}.{DTYPE_NAMES[str(integers.dtype)]}", integers, before=node.name, quantization=quantization))
    return typed(replace(node, operands=tuple(operands)), own(node))


def norm(graph: Graph, node: Node) -> Node:
    """A norm whose input hardly varies still has gains of 15 bits: its scale has a floor."""
    quantization, gamma = own(node), graph.constant(node.operands[1])
    floor = 0.0 if gamma is None else float(np.abs(gamma).max()) / 4096
    return typed(node, replace(quantization, scale=max(float(quantization.scale), floor)))


def tied(graph: Graph, node: Node) -> Node:
    operand = graph[node.operands[0]].type
    return replace(node, type=replace(node.type, dtype=operand.dtype, quantization=operand.quantization))


def probabilities(graph: Graph, node: Node) -> Node:
    """Softmax covers 0…1 whatever was seen."""
    return typed(node, own(node) if "qparams" in node.attrs else Quantization(1 / 256, -128))


def weighted(graph: Graph, node: Node) -> Node:
    """Convolution and linear. An int16 operand for which sums could leave 32 bits is read as int8."""
    made, x = with_integers(graph, node), node.operands[0]
    if graph[x].type.dtype == "i16" and not is_computable(graph, made):
        return with_integers(graph, replace(node, operands=(narrow(graph, x, node), *node.operands[1:])))
    return made


def is_computable(graph: Graph, node: Node) -> bool:
    """Whether the evaluator, which proves it, finds that all sums fit."""
    types = tuple(graph[name].type for name in node.operands)
    constants = [graph.constant(name) for name in node.operands]
    operands = [np.zeros((1, *type.shape), DTYPES[type.dtype]) if c is None else c[None] for type, c in zip(types, constants, strict=True)]
    try:
        INT[node.op](Call(node, types, graph), *operands)
    except Diagnostic:
        return False
    return True


def with_integers(graph: Graph, node: Node) -> Node:
    """Weights a channel at a time, the bias in units of the accumulator, the activation as clamp or table."""
    x, w, b, *rest = node.operands
    weights, bias = graph.constant(w), graph.constant(b)
    if weights is None or bias is None:
        raise Diagnostic("weights and bias must be constants", at=print_node(node))
    x_scale = float(of(graph, x).scale)
    brought = graph[w].attrs.get("scales")
    integers, scales = quantize_weights(weights, bias, x_scale, None if brought is None else graph.tensors[brought])
    bias = bias + lost_mean(graph, node, weights, integers, scales)
    symbol = add_tensor(graph, f"{node.name}.scale", scales)
    new_w = add_constant(graph, f"{w}.i8", integers, before=node.name, quantization=Quantization(symbol, 0, 0))
    accumulated = np.round(bias.astype(np.float64) / (x_scale * scales)).astype(np.int32)
    new_b = add_constant(graph, f"{b}.i32", accumulated, before=node.name)
    out = own(node)
    return with_activation(typed(replace(node, operands=(x, new_w, new_b, *rest)), out), out)


def with_activation(node: Node, out: Quantization) -> Node:
    """relu and relu6 become the clamp; other functions a table over the range of the accumulator."""
    if has_table(node):
        lo, hi = node.attrs["pre_range"]
        scale = max(hi - lo, 1e-6) / 1023
        return node.but(pre_scale=scale, pre_zero=round(-lo / scale))
    if "activation" not in node.attrs:
        return node
    lowest, highest = LIMITS[node.type.dtype]
    bounds = CLAMPS[node.attrs["activation"]]
    limits = tuple(int(np.clip(round(b / float(out.scale)) + out.zero_point, lowest, highest)) if np.isfinite(b) else highest for b in bounds)
    return node.but(activation=None, clamp=None if limits == (lowest, highest) else limits)


def affine(graph: Graph, node: Node) -> Node:
    """A product or sum with a scalar that maps one quantization to another needs no work: `reinterpret`."""
    x = node.operands[0]
    number = scalar(graph, node.operands[1]) if graph[x].type.shape == node.type.shape else None
    if number is None or graph[x].op == "const":
        return activation(graph, by_product(graph, node))
    q = of(graph, x)
    scale, zero = float(q.scale), float(q.zero_point)
    if node.op in ("mul", "div") and number > 0:
        scale *= number if node.op == "mul" else 1 / number
    elif node.op in ("add", "sub"):
        zero += (number if node.op == "sub" else -number) / scale
    wide, whole = graph[x].type.dtype == "i16", round(zero)
    free = abs(zero - whole) < 1e-4 and (whole == 0 if wide else -128 <= whole <= 127 and not node.attrs.get("wide"))
    if free and ("qparams" not in node.attrs or (not wide and agrees(own(node), scale, whole))):
        return replace(node, op="reinterpret", operands=(x,), attrs={}, type=replace(graph[x].type, quantization=Quantization(scale, whole)))
    return activation(graph, by_product(graph, node))


def agrees(quantization: Quantization, scale: float, zero: int) -> bool:
    """Whether two quantizations are one, but for the float32 in which a model was traced."""
    return quantization.zero_point == zero and abs(float(quantization.scale) / scale - 1) < 1e-5


def by_product(graph: Graph, node: Node) -> Node:
    """A quotient by a constant as the product with its reciprocal; other nodes as they are."""
    if node.op != "div":
        return node
    divisor = graph.constant(node.operands[1])
    if divisor is None:
        raise Diagnostic("integers are only divided by constants", at=print_node(node))
    reciprocal = add_constant(graph, f"{node.name}.reciprocal", np.asarray(1 / divisor, np.float32), before=node.name)
    return replace(node, op="mul", operands=(node.operands[0], reciprocal))


Rule = Callable[[Graph, Node], Node]
RULES: dict[str, Rule] = {
    **dict.fromkeys(TIED, tied),
    **dict.fromkeys(NORMS, norm),
    "conv2d": weighted,
    "linear": weighted,
    "conv_transpose2d": weighted,
    "attention": attention,
    "softmax": probabilities,
    "add": affine,
    "sub": affine,
    "mul": affine,
    "div": affine,
}

"""Rules for linear layers and matrix products."""

from __future__ import annotations

from collections.abc import Callable

from tfc.importer.builder import AnyRule, Builder, Constant, Operand, Rule, builds, given
from tfc.importer.shapes import vector
from tfc.ir.diagnostic import expect

RULES: dict[str, Rule] = {}


def rule(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(RULES, *targets)


@rule("aten.linear.default")
def linear(build: Builder, input: Operand, weight: Operand, bias: Operand | None = None) -> Operand:
    if not isinstance(weight, Constant):
        product = matmul(build, input, build.transpose(weight, (1, 0), "weight"))
        return product if bias is None else build.emit("add", product, bias)
    return build.emit("linear", input, weight, vector(build, bias, "bias", weight.type.shape[0], 0.0))


@rule("aten.addmm.default")
def addmm(build: Builder, self: Operand, mat1: Operand, mat2: Operand, beta: float = 1, alpha: float = 1) -> Operand:
    expect(beta == alpha == 1, f"addmm with beta = {beta} and alpha = {alpha} is not supported")
    if isinstance(mat2, Constant) and isinstance(self, Constant) and self.type.shape == mat2.type.shape[1:]:
        return linear(build, mat1, build.transpose(mat2, (1, 0)), self)
    return build.emit("add", build.emit("matmul", mat1, mat2, part="product"), self)


@rule("aten.baddbmm.default")
def baddbmm(build: Builder, self: Operand, batch1: Operand, batch2: Operand, beta: float = 1, alpha: float = 1) -> Operand:
    product = build.emit("matmul", batch1, batch2, part="product")
    scaled = product if alpha == 1 else build.emit("mul", product, build.number("alpha", float(alpha)), part="scaled")
    if beta == 0:
        return scaled
    return build.emit("add", scaled, self if beta == 1 else build.emit("mul", self, build.number("beta", float(beta)), part="added"))


@rule("aten.matmul.default", "aten.mm.default", "aten.bmm.default", "aten.mv.default", "aten.dot.default")
def matmul(
    build: Builder, self: Operand, other: Operand | None = None, mat2: Operand | None = None, vec: Operand | None = None, tensor: Operand | None = None
) -> Operand:
    left, right = self, given(other, mat2, vec, tensor)
    vectors = 1 in (len(left.type.shape), len(right.type.shape))
    if len(left.type.shape) == 1:
        left = build.reshape(left, (1, *left.type.shape), "row")
    if len(right.type.shape) == 1:
        right = build.reshape(right, (*right.type.shape, 1), "column")
    return build.reshape(product(build, left, right, "product"), build.shape) if vectors else product(build, left, right)


def product(build: Builder, left: Operand, right: Operand, part: str = "") -> Operand:
    """A product of matrices; one that is constant becomes the weights of a linear layer."""
    right = _flat(build, right) if len(right.type.shape) <= len(left.type.shape) else right
    if isinstance(right, Constant) and len(right.type.shape) == 2:
        weight = build.transpose(right, (1, 0))
        return build.emit("linear", left, weight, vector(build, None, "bias", weight.type.shape[0], 0.0), part=part)
    left = _flat(build, left) if len(left.type.shape) <= len(right.type.shape) else left
    if isinstance(left, Constant) and len(left.type.shape) == 2:  # w·x is (xᵀ·wᵀ)ᵀ
        axes = (*range(len(right.type.shape) - 2), len(right.type.shape) - 1, len(right.type.shape) - 2)
        turned = build.transpose(right, axes, "turned")
        columns = build.emit("linear", turned, left, vector(build, None, "bias", left.type.shape[0], 0.0), part="columns")
        return build.transpose(columns, axes, part)
    return build.emit("matmul", left, right, part=part)


def _flat(build: Builder, x: Operand) -> Operand:
    """A constant stack of one matrix as that matrix."""
    return build.reshape(x, x.type.shape[-2:]) if isinstance(x, Constant) and all(n == 1 for n in x.type.shape[:-2]) else x

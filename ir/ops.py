"""The operators there are."""

from .diagnostic import Diagnostic
from .op import Op
from .ops_elements import ELEMENTS
from .ops_movement import MOVEMENT
from .ops_products import PRODUCTS
from .pointwise import FUNCTIONS

OPS: dict[str, Op] = {**MOVEMENT, **PRODUCTS, **ELEMENTS}
POINTWISE = tuple(FUNCTIONS)

# Operators that only move elements, or choose or mix them: operand and result have one quantization.
TIED = frozenset({"reshape", "transpose", "slice", "expand", "unfold", "fold", "pad", "take", "resize_nearest", "resize_bilinear", "max_pool2d"})


def op_named(name: str) -> Op:
    if name not in OPS:
        raise Diagnostic(f"there is no operator '{name}'", help=f"operators: {', '.join(sorted(OPS))}")
    return OPS[name]

"""All rules: what the importer takes."""

from __future__ import annotations

from . import constants
from .builder import Rule
from .rules import attention, borders, convolutions, einsum, functions, norms, pointwise, products, quantized, resizing, sums, views, windows

RULES: dict[str, Rule] = {
    **products.RULES,
    **einsum.RULES,
    **convolutions.RULES,
    **attention.RULES,
    **pointwise.RULES,
    **functions.RULES,
    **norms.RULES,
    **sums.RULES,
    **windows.RULES,
    **resizing.RULES,
    **borders.RULES,
    **views.RULES,
    **quantized.RULES,
    **constants.KNOWN,
}
SUPPORTED = frozenset(RULES) | frozenset(constants.FOLDS)

"""All rules: what the importer takes."""

from __future__ import annotations

from tfc import (
    importer_attention,
    importer_borders,
    importer_constants,
    importer_convolutions,
    importer_einsum,
    importer_functions,
    importer_norms,
    importer_pointwise,
    importer_products,
    importer_quantized,
    importer_resizing,
    importer_sums,
    importer_views,
    importer_windows,
)
from tfc.importer_builder import Rule

RULES: dict[str, Rule] = {
    **importer_products.RULES,
    **importer_einsum.RULES,
    **importer_convolutions.RULES,
    **importer_attention.RULES,
    **importer_pointwise.RULES,
    **importer_functions.RULES,
    **importer_norms.RULES,
    **importer_sums.RULES,
    **importer_windows.RULES,
    **importer_resizing.RULES,
    **importer_borders.RULES,
    **importer_views.RULES,
    **importer_quantized.RULES,
    **importer_constants.KNOWN,
}
SUPPORTED = frozenset(RULES) | frozenset(importer_constants.FOLDS)

"""Single ops at awkward shapes, by family."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tfc.ir.graph import Graph

from . import cases_elements, cases_products
from .graphs import Builder
from .makers import Case

FAMILIES: dict[str, list[Case]] = {**cases_products.FAMILIES, **cases_elements.FAMILIES}


def graphs(family: str, seed: int = 7) -> Iterator[Graph]:
    """One graph a case."""
    for index, case in enumerate(FAMILIES[family]):
        builder = Builder(np.random.default_rng([seed, index]))
        yield builder.finish(case(builder))

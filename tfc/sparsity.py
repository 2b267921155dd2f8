"""How sparse the layers of a candidate shall be, and weights at random that are so: what kernels cost depends on where zeros are, not on the others."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from math import ceil, prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfc.backends.streams import BLOCKS
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.types import Shape

SPREAD = 32.0  # deviation of the integers of trained weights, about
HELP = 'as in "block=1x4,density=0.2"'


@dataclass(frozen=True)
class Sparsity:
    """Blocks of output × input channels, and the share of them that is kept."""

    block: tuple[int, int] = (1, 1)
    density: float = 1.0

    def __post_init__(self) -> None:
        known = [(form.height, form.width) for form in BLOCKS]
        if self.block not in known:
            raise Diagnostic(f"no kernel skips blocks of {self.block[0]}x{self.block[1]}", help=f"blocks: {', '.join(f'{h}x{w}' for h, w in known)}")
        if not 0 < self.density <= 1:
            raise Diagnostic(f"a density of {self.density:g} is none", help="above 0, up to 1")

    @classmethod
    def parse(cls, text: str) -> Sparsity:
        """`block=1x4,density=0.2`; without a block single weights are kept."""
        given = dict(part.strip().split("=", 1) for part in text.split(",") if "=" in part)
        try:
            height, width = given.pop("block", "1x1").split("x")
            density = float(given.pop("density"))
            if given or text.count("=") != text.count(",") + 1:
                raise ValueError
            block = int(height), int(width)
        except (KeyError, ValueError):
            raise Diagnostic(f"'{text}' is no sparsity", help=HELP) from None
        return cls(block, density)


Sparsities = Sparsity | Mapping[str, Sparsity]  # of all layers, or by layer: a module path, or a pattern such as "stage2.*"


def read_sparsities(text: str) -> Sparsities:
    """A sparsity for all layers, or a JSON or TOML file with one for each layer or pattern."""
    if "=" in text:
        return Sparsity.parse(text)
    path = Path(text)
    try:
        table: Any = json.loads(path.read_text(encoding="utf-8")) if path.suffix == ".json" else tomllib.loads(path.read_text(encoding="utf-8"))
        return {str(layer): Sparsity.parse(value) for layer, value in table.items()}
    except OSError as error:
        raise Diagnostic(f"{path}: {error.strerror}", help=f"a file by layer, or one sparsity for all of them {HELP}") from None
    except (ValueError, AttributeError) as error:
        raise Diagnostic(f"{path} gives no sparsity for each layer: {error}", help='{"stage1.*": "block=2x4,density=0.2"}') from None


def by_layer(sparsities: Sparsities, layers: list[str]) -> dict[str, Sparsity]:
    """The sparsity of each of these layers that gets one. An exact name counts more than a pattern, of patterns the first counts."""
    if isinstance(sparsities, Sparsity):
        return dict.fromkeys(layers, sparsities)
    for pattern in sparsities:
        if not any(fnmatchcase(layer, pattern) for layer in layers):
            raise Diagnostic(f"no layer whose weights can be sparse matches '{pattern}'", help=f"there are {', '.join(layers)}")
    found = {}
    for layer in layers:
        matching = [pattern for pattern in sparsities if fnmatchcase(layer, pattern)]
        if matching:
            found[layer] = sparsities[layer if layer in sparsities else matching[0]]
    return found


@lru_cache(maxsize=2048)
def random_weights(shape: Shape, sparsity: Sparsity) -> NDArray[np.int8]:
    """int8 weights [out, ..., in]: at random, but always the same, as many blocks as the density says, none of them with a zero."""
    rng, (out, inputs) = np.random.default_rng(0), (shape[0], prod(shape[1:]))
    values = np.clip(np.round(np.abs(rng.normal(0, SPREAD, (out, inputs)))), 1, 127) * rng.choice((-1, 1), (out, inputs))
    if sparsity.density < 1:
        values = values * kept_blocks(rng, (out, inputs), sparsity)
    integers: NDArray[np.int8] = values.astype(np.int8).reshape(shape)
    return integers


def kept_blocks(rng: np.random.Generator, shape: tuple[int, int], sparsity: Sparsity) -> NDArray[np.bool_]:
    """True in a share of the blocks, which is the density to half a block; in one of them at least."""
    rows, columns = (ceil(size / step) for size, step in zip(shape, sparsity.block, strict=True))
    kept = np.zeros(rows * columns, np.bool_)
    kept[rng.choice(kept.size, max(round(sparsity.density * kept.size), 1), replace=False)] = True
    return kept.reshape(rows, columns).repeat(sparsity.block[0], axis=0).repeat(sparsity.block[1], axis=1)[: shape[0], : shape[1]]

"""What the work of kernels takes on a chip: rates that `tfc bench --fit` finds on the emulated one, and how far estimates were off there."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

from tfc.ir.diagnostic import Diagnostic
from tfc.ir.int_rules import Call

FORMAT = 1
WEIGHTED = ("conv2d", "linear")
ALL, PRODUCTS = "all", "products"  # error statistics of all kernels, and of those that read weights
FOLDER = Path(__file__).with_name("fits")


@dataclass(frozen=True)
class Errors:
    """Of estimated cycles, in per cent of the emulated ones, on layers that the fit did not see; `mean` and `p95` are of absolute errors."""

    layers: int
    mean: float
    p95: float
    bias: float


@dataclass(frozen=True)
class Range:
    """What a kernel was fitted on: the widest window, most weights, and most elements of a result."""

    window: int
    weights: int
    results: int


@dataclass(frozen=True)
class Code:
    """Bytes of code and constants of a firmware without a network, of what calls the kernels of a node, of the constants that tell them its facts, of
    each function of the kernels; and the functions that each kernel brings along with each ending, by `variant_of`."""

    firmware: int = 0
    constants: int = 0
    node: int = 0
    facts: int = 0
    functions: Mapping[str, int] = field(default_factory=dict)
    variants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def bytes(self, variants: Collection[str]) -> int:
        """Of a firmware of nodes of these variants, each function once. Of a variant that was not seen, those of its kernel with any ending."""
        kept: set[str] = set()
        for variant in variants:
            kernel = variant.partition(" ")[0]
            near = variant if variant in self.variants else next((one for one in self.variants if one.partition(" ")[0] == kernel), "")
            kept.update(self.variants.get(near, ()))
        return self.firmware + self.node * len(variants) + sum(self.functions[name] for name in kept)


def variant_of(call: Call, kernel: str) -> str:
    """What decides which functions of a kernel are linked: how results end, the element types, and whether there is one token alone."""
    ending = [name for name in ("activation", "clamp") if call.attr(name)] + ["residual"] * (call.node.op in WEIGHTED and len(call.operands) > 3)
    alone = ["alone"] * (call.node.op in WEIGHTED and prod(call.node.type.shape[:-1]) == 1)
    return " ".join([kernel, *ending, *alone, *(type.dtype for type in (*call.operands[:1], *call.operands[3:], call.node.type))])


@dataclass(frozen=True, eq=False)
class Fit:
    """`rates` are cycles for each unit of work, by its name in a bid. The error statistics are those of each kernel, of ALL and of PRODUCTS. Rates named
    in `assumed` were not fitted: no layer needed them."""

    target: str
    rates: Mapping[str, float]
    code: Code = Code()
    errors: Mapping[str, Errors] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()


@cache
def load_fit(name: str) -> Fit:
    """The fit of that name, from `fits/NAME.json`."""
    path = FOLDER / f"{name}.json"
    try:
        return read_fit(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        there = ", ".join(sorted(item.stem for item in FOLDER.glob("*.json")))
        raise Diagnostic(f"there is no fit '{name}'", help=f"there are {there}; `tfc bench --fit` makes one") from None


def read_fit(table: dict[str, Any]) -> Fit:
    """The inverse of `as_json`."""
    if table.get("format") != FORMAT:
        raise Diagnostic(f"a fit of format {table.get('format')!r} cannot be read", help=f"this version reads format {FORMAT}")
    return Fit(
        target=table["target"],
        rates=table["rates"],
        code=Code(**{**code, "variants": {name: tuple(kept) for name, kept in code["variants"].items()}}) if (code := table.get("code")) else Code(),
        errors={name: Errors(**row) for name, row in table.get("errors", {}).items()},
        ranges={name: Range(**row) for name, row in table.get("ranges", {}).items()},
        assumed=tuple(table.get("assumed", ())),
    )


def save_fit(fit: Fit, path: Path) -> None:
    """Write a fit as JSON."""
    path.write_text(json.dumps({"format": FORMAT, **asdict(fit)}, indent=1) + "\n", encoding="utf-8")

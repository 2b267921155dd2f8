"""docs/operators.md says what there is, and every operator has all that it needs: an importer rule, both meanings, kernels, a host rule, tests."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from tfc.backends.host.model import HOST
from tfc.fuzz.random_graphs import Growing
from tfc.ir.ops import OPS
from tfc.operators import Operator, operators, short

from .backends.c.cases import FAMILIES, graphs

PAGE = Path(__file__).parents[1] / "docs" / "operators.md"
CASES = Path(__file__).parent / "passes" / "cases"
LEAVES = {"arg", "const"}
UNUSED = {"convert"}  # there is one layout so far
SHOWN = 6  # torch operators in a cell
HEAD = """# Operators

What a network may be made of. `make operators` writes this page; `tfc ops NAME` says all of one operator, `tfc kernels` what each kernel does.

Everything is computed in f32 before quantization and in i8 after it. Under *int16* stand the operands that may be int16 instead, and the \
result if it may; every other operand is rescaled to int8 first. Everywhere: the batch is that of the export, shapes are known, and sums of \
products are proved to fit 32 bits (`docs/arithmetic.md`).

*Tests* names families of `tests/backends/c/cases.py` (evaluator, host and every kernel, on the emulator, with equal bits), roads (random \
networks, `tests/roads`) and the `passes` whose examples in `tests/passes/cases` hold it; every torch operator has a case of its own in \
`tests/tfc/test_importer.py` or `test_pt2e.py`.

| operator | what it computes, *and what is refused* | int16 | from torch | by passes | kernels | host | tests |
|---|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Row:
    """An operator, whether the host has a rule, and its tests."""

    about: Operator
    host: bool
    tests: tuple[str, ...]

    def gaps(self) -> list[str]:
        """What is missing. Leaves are only stored; an operator without integers says what becomes of it."""
        about = self.about
        integer = "i8" in about.dtypes or "Integers: " not in about.limits
        needs = {
            "an importer rule or a pass that makes it": bool(about.torch or about.passes) or about.name in UNUSED,
            "a float rule": "f32" in about.dtypes,
            "an integer rule": "i8" in about.dtypes or not integer,
            "a kernel": bool(about.kernels) or not integer,
            "a host rule": self.host or not integer,
            "a test": bool(self.tests),
        }
        return [] if about.name in LEAVES else [f"{about.name} lacks {what}" for what, there in needs.items() if not there]

    def line(self) -> str:
        about = self.about
        torch = short(about.torch)
        kernels = dict.fromkeys(re.sub(r"sparse\dx\d", "sparse…", kernel) for kernel in about.kernels)
        more = f" and {len(torch) - SHOWN} more" if len(torch) > SHOWN else ""
        does = f"{about.does} *{about.limits}*" if about.limits else about.does
        cells = (f"`{about.name}`", does, about.wide, ", ".join(torch[:SHOWN]) + more, ", ".join(about.passes), ", ".join(kernels))
        written = [cell.replace("|", "\\|").replace("*xs", "\\*xs") for cell in cells]
        return f"| {' | '.join((*written, 'yes' if self.host else '', ', '.join(self.tests)))} |"


@cache
def rows() -> list[Row]:
    tests = named_tests()
    return [Row(about, about.name in HOST, tuple(tests.get(about.name, ()))) for about in operators()]


def named_tests() -> dict[str, list[str]]:
    """The tests of each operator: families of cases, random networks, texts of passes."""
    found: dict[str, list[str]] = {}

    def exercised(ops: Iterable[str], test: str) -> None:
        for op in sorted(set(ops)):
            found.setdefault(op, []).append(test)

    for family in FAMILIES:
        exercised((graph[graph.results[0]].op for graph in graphs(family)), family)
    exercised((node.op for seed in range(200) for node in Growing(seed).grow(7)), "roads")
    for path in sorted(CASES.glob("*.tfir")):
        exercised(set(re.findall(r"= (\w+) ", path.read_text(encoding="utf-8"))) & set(OPS), f"`{re.split('[,{]', path.stem)[0]}`")
    return found


def page() -> str:
    return HEAD + "\n".join(row.line() for row in rows()) + "\n"


def test_the_page_is_fresh(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), "`make operators` writes it anew"


def test_every_operator_has_all_that_it_needs() -> None:
    assert [gap for row in rows() for gap in row.gaps()] == []


@pytest.mark.parametrize(
    ("without", "gap"),
    [
        ({"torch": (), "passes": ()}, "an importer rule or a pass that makes it"),
        ({"dtypes": ("i8",)}, "a float rule"),
        ({"dtypes": ("f32",), "limits": ""}, "an integer rule"),
        ({"kernels": {}}, "a kernel"),
    ],
)
def test_a_gap_is_found(without: dict[str, object], gap: str) -> None:
    row = next(row for row in rows() if row.about.name == "softmax")
    assert replace(row, about=replace(row.about, **without)).gaps() == [f"softmax lacks {gap}"]


def test_a_missing_host_rule_and_missing_tests_are_found() -> None:
    row = next(row for row in rows() if row.about.name == "softmax")
    assert replace(row, host=False, tests=()).gaps() == ["softmax lacks a host rule", "softmax lacks a test"]

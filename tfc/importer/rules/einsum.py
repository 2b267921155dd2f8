"""The rule for einsum: two operands as one matrix product, one operand as movement and sums."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import prod

from tfc.importer.builder import AnyRule, Builder, Operand, Rule, builds
from tfc.ir.diagnostic import expect

from .products import product

RULES: dict[str, Rule] = {}


def rule(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(RULES, *targets)


@rule("aten.einsum.default")
def einsum(build: Builder, equation: str, tensors: tuple[Operand, ...], path: tuple[int, ...] | None = None) -> Operand:
    parsed = re.fullmatch(r"([A-Za-z]+(?:,[A-Za-z]+)*)->([A-Za-z]*)", equation.replace(" ", ""))
    expect(parsed is not None, f"einsum '{equation}' is not supported, only letters with a result behind '->'")
    assert parsed is not None
    terms, result = parsed[1].split(","), parsed[2]
    expect(
        len(terms) == len(tensors) in (1, 2) and all(len(set(term)) == len(term) for term in terms),
        f"einsum '{equation}' is not supported, only of one or two operands without repeated letters",
    )
    expect(all(sum(letter in term for term in terms) > 0 for letter in result), f"einsum '{equation}' makes a letter out of nothing")
    if len(terms) == 1:
        expect(sorted(terms[0]) == sorted(result), f"einsum '{equation}' is not supported: it sums over one operand")
        return build.transpose(tensors[0], tuple(terms[0].index(letter) for letter in result))
    return _contract(build, equation, terms[0], terms[1], result, tensors)


def _contract(build: Builder, equation: str, a: str, b: str, result: str, tensors: tuple[Operand, ...]) -> Operand:
    """Each letter is one of: in both and the result, in both and summed over, in one operand and the result."""
    batch = [letter for letter in a if letter in b and letter in result]
    inner = [letter for letter in a if letter in b and letter not in result]
    rows, columns = [letter for letter in a if letter not in b], [letter for letter in b if letter not in a]
    expect(all(letter in result for letter in rows + columns), f"einsum '{equation}' is not supported: it sums over one operand")
    size = dict(zip(a + b, tensors[0].type.shape + tensors[1].type.shape, strict=True))

    def lengths(letters: list[str]) -> tuple[int, ...]:
        return tuple(size[letter] for letter in letters)

    def matrices(x: Operand, term: str, first: list[str], second: list[str], part: str) -> Operand:
        turned = build.transpose(x, tuple(term.index(letter) for letter in batch + first + second), f"{part}.turned")
        return build.reshape(turned, (*lengths(batch), prod(lengths(first)), prod(lengths(second))), part)

    y = product(build, matrices(tensors[0], a, rows, inner, "left"), matrices(tensors[1], b, inner, columns, "right"), "product")
    made = batch + rows + columns
    return build.transpose(build.reshape(y, lengths(made), "axes"), tuple(made.index(letter) for letter in result))

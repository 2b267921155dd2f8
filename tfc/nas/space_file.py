"""The description of a search space as TOML: a table for each part of the network, an array of values for each choice."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from tfc.ir import signature
from tfc.ir.diagnostic import Diagnostic
from tfc.nas.parts import ENDS, KINDS

Choice = int | float | str
Choices = Mapping[str, tuple[Choice, ...]]
RESOLUTION = "resolution"
HEADER = ("name", "input", "classes", RESOLUTION)


@cache
def options_of(part: str, kind: Choice | None) -> tuple[str, ...]:
    """What is chosen for a part; for a stage it depends on its kind."""
    if part in ENDS:
        return tuple(signature.options(ENDS[part]))
    return "kind", *signature.options(KINDS[str(kind)])


def read(path: Path) -> tuple[str, tuple[int, ...], int, Choices]:
    """Name, input shape, classes and choices of a space."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Diagnostic(f"{path} cannot be read as a search space: {error}") from None
    try:
        return _space(table)
    except Diagnostic as error:
        raise Diagnostic(error.message, at=str(path), help=error.help) from None


def text(name: str, input_shape: Sequence[int], classes: int, choices: Choices) -> str:
    """What `read` reads back."""
    lines = [f'name = "{name}"', f"input = {list(input_shape)}", f"classes = {classes}"]
    table = ""
    for key, values in choices.items():
        part, _, option = key.rpartition(".")
        if part != table:
            lines += ["", f"[{part}]"]
            table = part
        written = ", ".join(f'"{value}"' if isinstance(value, str) else repr(value) for value in values)
        lines.append(f"{option} = [{written}]")
    return "\n".join(lines) + "\n"


def _space(table: dict[str, Any]) -> tuple[str, tuple[int, ...], int, Choices]:
    _keys("a search space", [key for key, value in table.items() if not isinstance(value, dict)], HEADER)
    name, shape, classes = table["name"], tuple(table["input"]), table["classes"]
    if len(shape) != 3 or shape[1] != shape[2] or not all(isinstance(size, int) and size > 0 for size in shape):
        raise Diagnostic(f"'input' is {table['input']}", help="give [channels, side, side]")
    if not isinstance(classes, int) or classes < 2:
        raise Diagnostic(f"'classes' is {classes!r}", help="give a whole number from 2 on")
    parts = [key for key, value in table.items() if isinstance(value, dict)]
    if len(parts) < 3 or (parts[0], parts[-1]) != tuple(ENDS):
        raise Diagnostic(
            f"the parts are {', '.join(parts) or 'missing'}", help="begin with [stem], end with [head], and name the stages between them as you like"
        )
    choices: dict[str, tuple[Choice, ...]] = {RESOLUTION: _values(RESOLUTION, table[RESOLUTION], int)}
    for part in parts:
        choices |= _part(part, table[part])
    return name, shape, classes, choices


def _part(part: str, table: dict[str, Any]) -> Choices:
    """The choices of one part, by their full names, in the order in which they are declared."""
    kinds: Iterable[Choice | None] = (None,)
    if part not in ENDS:
        kinds = _values(f"{part}.kind", table.get("kind", []), str)
        wrong = [kind for kind in kinds if kind not in KINDS]
        if wrong:
            raise Diagnostic(f"'{part}.kind' cannot be '{wrong[0]}'", help=f"the kinds of stages are {', '.join(KINDS)}")
    options = tuple(dict.fromkeys(option for kind in kinds for option in options_of(part, kind)))
    _keys(f"[{part}]", table, options)
    choices = {option: _values(f"{part}.{option}", table[option], str if option == "kind" else int) for option in options}
    odd = [(tokens, heads) for tokens in choices.get("tokens", ()) for heads in choices.get("heads", ()) if int(tokens) % int(heads)]
    if odd:
        raise Diagnostic(
            f"'{part}.heads' has {odd[0][1]}, which does not divide {odd[0][0]} of '{part}.tokens'", help="every head takes an equal part of a token"
        )
    even = [kernel for kernel in choices.get("kernel", ()) if not int(kernel) % 2]
    if even:
        raise Diagnostic(f"'{part}.kernel' has {even[0]}", help="kernels are odd, so that they have a middle")
    return {f"{part}.{option}": values for option, values in choices.items()}


def _keys(what: str, given: Iterable[str], wanted: Sequence[str]) -> None:
    given = list(given)
    unknown, missing = [key for key in given if key not in wanted], [key for key in wanted if key not in given]
    if unknown or missing:
        said = f"has no '{unknown[0]}'" if unknown else f"lacks '{missing[0]}'"
        raise Diagnostic(f"{what} {said}", help=f"it takes {', '.join(wanted)}")


def _values(key: str, given: object, kind: type[int] | type[str]) -> tuple[Choice, ...]:
    """A value or an array of them; numbers go from the smallest network to the largest."""
    values = tuple(given) if isinstance(given, list) else (given,)
    if not values or not all(type(value) is kind for value in values):
        raise Diagnostic(f"'{key}' is {given!r}", help=f"give an array of {'names' if kind is str else 'whole numbers'}")
    if kind is int and any(value < 1 for value in values):
        raise Diagnostic(f"'{key}' has {min(values)}", help="numbers begin with 1")
    falling = key.endswith(".stride")  # a larger stride makes a smaller network
    if len(set(values)) < len(values) or (kind is int and any((a < b) == falling for a, b in pairwise(values))):
        order = "the largest stride first" if falling else "rising" if kind is int else "each once"
        raise Diagnostic(f"'{key}' is {list(values)}", help=f"values stand from the smallest network to the largest: {order}")
    return values

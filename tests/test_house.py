"""The rules of the house: imports point down, no cycles, every operator has its rules."""

import ast
from pathlib import Path

import networkx as nx
import pytest

from tfc.ir.float_rules import FLOAT
from tfc.ir.int_rules import INT
from tfc.ir.ops import OPS

ROOT = Path(__file__).parents[1]
ROOMS = ("ir", "runtime", "backends", "passes", "tfc")
# What a room may import. Passes may know how constants are stored and what kernels bid and permit, never an emitter.
ALLOWED = {
    "ir": {"ir"},
    "runtime": {"runtime"},
    "backends": {"ir", "runtime", "backends"},
    "passes": {"ir", "passes", "backends.target", "backends.formats", "backends.kernels", "backends.cost", "backends.overlap"},
    "tfc": {"ir", "runtime", "backends", "passes", "tfc"},
}
FLOAT_ONLY = {"batch_norm", "div", "fake_quantize"}  # gone, or rewritten as something else, when values become integers


def modules() -> dict[str, Path]:
    """Every module by the name that it is imported under."""
    found = {}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            if not any(part.is_symlink() for part in [path, *path.parents] if ROOT in part.parents):
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                found[("" if room == "tfc" else "tfc.") + name.removesuffix(".__init__")] = path
    return found


def imports(name: str, path: Path) -> set[str]:
    """The modules of ours that a file names, at any depth of it; not those that only type checkers see."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test) for inner in ast.walk(node)}
    seen = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            seen |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            home = ".".join(part for part in (base, node.module or "") if part)
            seen |= {home, *(f"{home}.{alias.name}" for alias in node.names)}
    return seen


def room(name: str) -> str:
    """`tfc.ir.graph` lies in `ir`, `tfc.cli` in `tfc`."""
    part = name.split(".")[1]
    return part if part in ROOMS else "tfc"


def allowed(name: str, target: str) -> bool:
    """Whether a module may import another: by its room, or by name."""
    entries = ALLOWED[room(name)]
    return room(target) in entries or target.removeprefix("tfc.") in entries


ALL = modules()
PACKAGES = {name for name, path in ALL.items() if path.name == "__init__.py"}  # imported with whatever is inside them


@pytest.mark.parametrize("name", sorted(set(ALL) - {"tfc"}))
def test_imports_point_down(name: str) -> None:
    inside = (imports(name, ALL[name]) & set(ALL)) - PACKAGES
    assert [target for target in sorted(inside) if not allowed(name, target)] == []


@pytest.mark.parametrize("name", sorted(ALL))
def test_nothing_imports_the_top_level_folders(name: str) -> None:
    assert not {target.split(".")[0] for target in imports(name, ALL[name])} & {"ir", "passes", "backends", "runtime"}


def test_there_are_no_import_cycles() -> None:
    graph = nx.DiGraph((name, target) for name, path in ALL.items() for target in (imports(name, path) & set(ALL)) - PACKAGES)
    assert list(nx.simple_cycles(graph)) == []


def test_every_operator_has_a_meaning() -> None:
    leaves = {"arg", "const"}
    assert set(FLOAT) == set(OPS) - leaves
    assert set(INT) == set(OPS) - leaves - FLOAT_ONLY


def test_every_quantized_operator_has_a_kernel_and_a_lowering_rule() -> None:
    from tfc.backends.c.lowering import LOWER
    from tfc.backends.host.model import HOST
    from tfc.backends.kernels import KERNELS

    assert {op for kernel in KERNELS.values() for op in kernel.ops} == set(INT)
    assert set(LOWER) == set(INT)
    assert set(HOST) == set(INT)


@pytest.mark.parametrize("path", [path for path in [ROOT / "tfc" / name for name in ("ir", "passes", "backends", "runtime")]], ids=lambda path: path.name)
def test_rooms_are_linked_into_the_package(path: Path) -> None:
    assert path.is_symlink()
    assert path.resolve() == ROOT / path.name

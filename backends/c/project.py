"""A placed graph becomes a C project: src/ with the model and the kernels that it uses, project/ to build and test it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfc.backends.memory_map import RUNTIME, STACK_BYTES, write_project
from tfc.backends.target import Target
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node, Place, Tensor, View
from tfc.ir.text import print_node
from tfc.ir.verify import require

from .interface import Tensor as Interface
from .interface import interface
from .lowering import lower
from .render import Address, CallText, Constants, Renderer, byte_lines, fill, identifier

ALIGNMENT = 8  # of pools; scratch lies on words
SCRATCH_ALIGNMENT = 4
INCLUDE = re.compile(r'#include "(tfc/\w+\.h)"')


@dataclass(frozen=True)
class Step:
    """A node in the schedule; without calls it costs nothing."""

    index: int
    text: str
    calls: list[CallText]


def emit_project(
    graph: Graph,
    target: Target,
    folder: Path,
    *,
    golden_inputs: Sequence[Tensor] | None = None,
    golden_outputs: Sequence[Tensor] | None = None,
    stack_bytes: int = STACK_BYTES,
    short_loops: bool = False,
) -> None:
    """Write `folder/src` and `folder/project`.

    The golden arrays, by argument and result, are what the self-test runs; without them, zeros. Short loops have less code and take more cycles.
    """
    require(graph, "placed")
    addresses = resolve(graph, target)
    pools = pool_bytes(graph, target)
    name = identifier(graph.name)
    constants = Constants(name)
    steps = [step(graph, node, index, addresses, constants, target) for index, node in enumerate(graph) if node.op not in ("arg", "const")]
    inputs, outputs = interface(graph, addresses)
    names = {"model": name, "upper": name.upper(), "pools": pools, "alignment": ALIGNMENT, "inputs": inputs, "outputs": outputs, "steps": steps}
    source = folder / "src"
    (source / "tfc").mkdir(parents=True, exist_ok=True)
    for file in ("model.h", "model.c", "weights.h", "weights.c"):
        write(source / file, fill(file, **names, constants=constants.all))
    copy_kernels(source, sorted({name for item in steps for call in item.calls for name in call.kernels}))
    options = source / "tfc" / "options.h"
    if short_loops and options.exists():  # only kernels with such loops bring it
        write(options, options.read_text(encoding="utf-8").replace("TFC_SHORT_LOOPS 0", "TFC_SHORT_LOOPS 1"))
    write_project(folder, target, pools, stack_bytes)
    golden = [golden_bytes(arrays, tensors) for arrays, tensors in ((golden_inputs, inputs), (golden_outputs, outputs))]
    write(folder / "project" / "firmware.c", fill("firmware.c", **names, golden_inputs=byte_lines(golden[0]), golden_outputs=byte_lines(golden[1])))


def step(graph: Graph, node: Node, index: int, addresses: dict[str, Address], constants: Constants, target: Target) -> Step:
    renderer = Renderer(index, constants, addresses, scratch_address(node, target))
    return Step(index, print_node(node).strip().replace("*/", "* /"), [renderer.call(call) for call in lower(graph, node, addresses)])


def resolve(graph: Graph, target: Target) -> dict[str, Address]:
    """Where every value lies that is no constant, views included."""
    addresses: dict[str, Address] = {}

    def find(name: str) -> Address:
        if name not in addresses:
            match graph[name].place:
                case Place(memory, offset):
                    addresses[name] = Address(pool_index(target, memory, graph[name]), offset)
                case View(of, offset):
                    home = find(of)
                    addresses[name] = Address(home.pool, home.offset + offset)
                case None:
                    raise Diagnostic(f"%{name} has no place", at=print_node(graph[name]))
        return addresses[name]

    for node in graph:
        if node.op != "const":
            find(node.name)
    return addresses


def pool_index(target: Target, memory: str, node: Node) -> int:
    names = [pool.name for pool in target.pools]
    if memory not in names:
        raise Diagnostic(f"{target.name} has no pool {memory}", at=print_node(node), help=f"its pools are {', '.join(names)}")
    return names.index(memory)


def scratch_address(node: Node, target: Target) -> Address | None:
    if node.scratch is None or node.scratch.place is None:
        return None
    if node.scratch.place.offset % SCRATCH_ALIGNMENT:
        raise Diagnostic(f"scratch lies at {node.scratch.place.offset}, which is no multiple of {SCRATCH_ALIGNMENT}", at=print_node(node))
    return Address(pool_index(target, node.scratch.place.memory, node), node.scratch.place.offset)


def pool_bytes(graph: Graph, target: Target) -> list[int]:
    """What the plan takes of each pool, up to the last one that it uses."""
    ends = [0] * len(target.pools)
    for node in graph:
        spans = [(node.place, node.type.bytes), *([(node.scratch.place, node.scratch.bytes)] if node.scratch else [])]
        for place, size in spans:
            if isinstance(place, Place):
                pool = pool_index(target, place.memory, node)
                ends[pool] = max(ends[pool], place.offset + size)
    used = max((index for index, end in enumerate(ends) if end), default=0)
    return ends[: used + 1]


def copy_kernels(source: Path, kernels: Sequence[str]) -> None:
    """The kernels of these names and the headers that they include, and no other file of the runtime."""
    pending = [f"tfc_{kernel}.c" for kernel in kernels] + ["tfc/kernels.h"]
    done: set[str] = set()
    while pending:
        file = pending.pop()
        if file in done:
            continue
        done.add(file)
        text = (RUNTIME / ("kernels" if file.endswith(".c") else "include") / file).read_text(encoding="utf-8")
        pending += INCLUDE.findall(text)
        write(source / file, text)


def golden_bytes(arrays: Sequence[Tensor] | None, tensors: Sequence[Interface]) -> bytes:
    sizes = [tensor.bytes for tensor in tensors]
    if arrays is None:
        return bytes(sum(sizes))
    data = [np.ascontiguousarray(array).tobytes() for array in arrays]
    if [len(item) for item in data] != sizes:
        raise Diagnostic(f"golden data have {[len(item) for item in data]} bytes, the model's tensors {sizes}")
    return b"".join(data)


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")

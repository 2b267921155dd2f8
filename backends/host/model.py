"""From a quantized graph to a function of this process that runs many samples, bit for bit what the evaluator computes."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import argument_value
from tfc.ir.graph import Graph, Node, Tensor
from tfc.ir.int_rules import Call
from tfc.ir.text import print_node
from tfc.ir.types import DTYPES
from tfc.ir.verify import require

from . import elements, norms, products, rows, windows
from .cache import Cache
from .emit import Emitter
from .lanes import LANES
from .memory import Constants, buffer, homes
from .native import Native, multiplies_pairs

Rule = Callable[[Call, Emitter], None]
Read = Callable[[Node], Tensor]
HOST: dict[str, Rule] = {**products.RULES, **rows.RULES, **norms.RULES, **elements.RULES, **windows.RULES}
ENTRY = "run"


def compile_host(graph: Graph, *, pairs: bool | None = None, cache: Cache | None = None) -> HostModel:
    """Native code for a quantized graph; where it is placed, values lie in the planned bytes.

    `pairs` says whether to use the machine's instruction for pairs of products; by default where it has one. What is in the cache is
    not compiled again.
    """
    require(graph, "quantized")
    module, constants, (offsets, arena) = ir.Module(graph.name), Constants(), homes(graph)
    emitters = []
    for number, node in enumerate(graph):
        if node.op not in ("arg", "const"):
            call = Call(node, tuple(graph[name].type for name in node.operands), graph)
            emitters.append(lower(call, Emitter(module, f"node_{number}", call, offsets, constants, multiplies_pairs() if pairs is None else pairs)))
    entry = ir.Function(module, emitters[0].function.function_type if emitters else NOTHING, ENTRY)
    builder = ir.IRBuilder(entry.append_basic_block())
    for emitter in emitters:
        builder.call(emitter.function, entry.args)
    builder.ret_void()
    scratch = max((emitter.scratch_bytes for emitter in emitters), default=0)
    return HostModel(graph, offsets, arena * LANES, scratch * LANES, constants.block(), Native(str(module), cache))


NOTHING = ir.FunctionType(ir.VoidType(), [ir.PointerType()] * 3)


def lower(call: Call, emitter: Emitter) -> Emitter:
    """The node's function, written by the rule of its op."""
    if call.node.op not in HOST:
        raise Diagnostic(f"'{call.node.op}' has no rule for the host", at=print_node(call.node), help=f"ops that have: {', '.join(sorted(HOST))}")
    try:
        HOST[call.node.op](call, emitter)
    except Diagnostic as error:
        error.at = error.at or print_node(call.node)
        raise
    emitter.finish()
    return emitter


@dataclass(frozen=True)
class Workspace:
    """What a thread owns: an arena and scratch for LANES samples."""

    arena: NDArray[np.uint8]
    scratch: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class HostModel:
    """A compiled graph: LANES samples at a time in each thread."""

    graph: Graph
    offsets: dict[str, int]
    arena_bytes: int
    scratch_bytes: int
    constants: NDArray[np.uint8]
    native: Native

    def run(self, inputs: Sequence[Any]) -> list[Tensor]:
        """The results for one sample; inputs have the shapes of the model's own inputs."""
        return [y[0] for y in self.run_batch([np.asarray(x)[None] for x in inputs], threads=1)]

    def run_batch(self, inputs: Sequence[Tensor], *, threads: int | None = None, progress: Callable[[int], None] | None = None) -> list[Tensor]:
        """Results [N, …] of inputs [N, …], over so many threads (all cores by default); `progress` hears how many samples are done."""
        if len(inputs) != len(self.graph.arguments):
            raise Diagnostic(f"@{self.graph.name} takes {len(self.graph.arguments)} inputs, not {len(inputs)}")
        laid_out = [argument_value(node, x) for node, x in zip(self.graph.arguments, inputs, strict=True)]
        samples = len(inputs[0]) if inputs else 1
        results = [self.graph[name] for name in self.graph.results]
        outputs: list[Tensor] = [np.empty((samples, *node.type.shape), DTYPES[node.type.dtype]) for node in results]
        groups, threads = range(0, samples, LANES), threads or os.cpu_count() or 1
        function, spaces = self._function(ENTRY), SimpleQueue[Workspace]()
        for _ in range(min(threads, len(groups))):
            spaces.put(self._workspace())

        def run_group(first: int) -> int:
            space, last = spaces.get(), min(first + LANES, samples)
            try:
                for node, x in zip(self.graph.arguments, laid_out, strict=True):
                    self._value(space, node)[:, : last - first] = x[first:last].reshape(last - first, -1).T
                function(*self._arguments(space))
                for node, y in zip(results, outputs, strict=True):
                    values = self.graph.constant(node.name)
                    y[first:last] = values if values is not None else self._value(space, node)[:, : last - first].T.reshape(y[first:last].shape)
            finally:
                spaces.put(space)
            return last

        with ThreadPoolExecutor(threads) as pool:
            for done in pool.map(run_group, groups):
                if progress:
                    progress(done)
        return outputs

    def run_steps(self, inputs: Sequence[Tensor], observe: Callable[[int, Read], None]) -> None:
        """One node after the other for at most LANES samples. `observe(n, read)` is called before the node of number n runs, and with the
        number of nodes at the end; `read` gives what then lies where a value belongs [N, …]."""
        space, samples = self._workspace(), len(inputs[0])

        def read(node: Node) -> Tensor:
            return self._value(space, node)[:, :samples].T.reshape(samples, *node.type.shape)

        for node, x in zip(self.graph.arguments, inputs, strict=True):
            self._value(space, node)[:, :samples] = argument_value(node, x).reshape(samples, -1).T
        for number, node in enumerate(self.graph):
            if node.op not in ("arg", "const"):
                observe(number, read)
                self._function(f"node_{number}")(*self._arguments(space))
        observe(len(self.graph), read)

    def _function(self, name: str) -> Any:
        """ctypes lets other threads run while it does."""
        return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)(self.native.address(name))

    def _workspace(self) -> Workspace:
        return Workspace(buffer(self.arena_bytes), buffer(self.scratch_bytes))

    def _arguments(self, space: Workspace) -> tuple[int, int, int]:
        return space.arena.ctypes.data, space.scratch.ctypes.data, self.constants.ctypes.data

    def _value(self, space: Workspace, node: Node) -> NDArray[Any]:
        """A value's elements [size, LANES] in an arena."""
        start = self.offsets[node.name] * LANES
        return space.arena[start : start + node.type.bytes * LANES].view(DTYPES[node.type.dtype]).reshape(-1, LANES)

"""How much code kernels bring into a firmware: the functions that the linker keeps, with each kernel and ending."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tfc.backends.c.project import emit_project
from tfc.backends.emulator.image import read_image
from tfc.backends.fits import Code, variant_of
from tfc.backends.target import Target
from tfc.backends.toolchain import build, elf_sizes
from tfc.passes.offers import flash_bid

from .grid import Case, call_of, placed_graph

CALL = 6  # bytes of the call of a node's function


def code_sizes(cases: Sequence[Case], target: Target) -> Code:
    """Of one case for each kernel and ending, linked alone."""
    functions, variants, nodes = dict[str, int](), dict[str, tuple[str, ...]](), list[int]()
    others, constants, facts = list[int](), list[int](), list[int]()
    with tempfile.TemporaryDirectory() as work:
        for case in cases:
            graph = placed_graph(case, target)
            variant = variant_of(call_of(graph), case.kernel)
            if variant in variants:
                continue
            folder = Path(work, str(len(variants)))
            emit_project(graph, target, folder)
            elf = build(folder, target, objects=Path(work, "objects"))
            image = read_image(elf)
            sizes = {symbol.name: symbol.size for symbol in image.functions}
            kept = sorted(kernel_functions(folder) & set(sizes))
            variants[variant] = tuple(kept)
            functions |= {name: sizes[name] for name in kept}
            node = sum(size for name, size in sizes.items() if name.startswith("tfc_node_"))
            nodes.append(node + CALL)
            whole, ends = elf_sizes(elf), sum(graph[name].type.bytes for name in (*graph.results, *(arg.name for arg in graph.arguments)))
            others.append(whole.code - node - CALL - sum(sizes[name] for name in kept))
            facts.append(sum(symbol.size for name, symbol in image.symbols.items() if ".facts" in name or name.startswith("facts")))
            constants.append(whole.rodata - ends - flash_bid(graph, target) - facts[-1])
    firmware, fixed, node, told = (round(median(sizes)) for sizes in (others, constants, nodes, facts))
    return Code(firmware, fixed, node, told, functions, variants)


def kernel_functions(folder: Path) -> set[str]:
    """The functions of the kernels of a project that is built."""
    found: set[str] = set()
    for path in (folder / "build" / "objects" / "src").glob("tfc_*.o"):
        with path.open("rb") as file:
            tables = [section for section in ELFFile(file).iter_sections() if isinstance(section, SymbolTableSection)]
            found |= {symbol.name for table in tables for symbol in table.iter_symbols() if symbol["st_info"]["type"] == "STT_FUNC"}
    return found

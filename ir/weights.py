"""Graphs in files: the text in NAME.tfir, its tensors in NAME.npz beside it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .diagnostic import Diagnostic
from .graph import Graph, Tensor
from .text import parse_graph, print_graph
from .types import Symbol

EPOCH = (1980, 1, 1, 0, 0, 0)  # one date for every entry: equal graphs give equal bytes


def save_graph(graph: Graph, path: Path) -> None:
    """Write the text to `path` (.tfir) and the tensors beside it (.npz)."""
    path.write_text(print_graph(graph), encoding="utf-8")
    save_arrays(path.with_suffix(".npz"), graph.tensors)


def save_arrays(path: Path, arrays: Mapping[Symbol, Tensor] | Mapping[str, Tensor]) -> None:
    """Write an .npz whose bytes depend on the arrays alone."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in sorted(arrays.items()):
            data = io.BytesIO()
            np.lib.format.write_array(data, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", EPOCH), data.getvalue(), zipfile.ZIP_DEFLATED)


def load_graph(path: Path) -> Graph:
    """Read a graph and the tensors beside it, where there are any."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Diagnostic(f"{path} cannot be read: {error}") from None
    return parse_graph(text, load_tensors(path.with_suffix(".npz")))


def load_tensors(path: Path) -> dict[Symbol, Tensor]:
    """The arrays of an .npz by symbol; none when there is no such file. Pickles are refused."""
    if not path.exists():
        return {}
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {Symbol(name): archive[name] for name in archive.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise Diagnostic(f"{path} holds no plain arrays: {error}") from None

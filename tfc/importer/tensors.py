"""The raw tensors of a torch.export archive as float32 arrays."""

from __future__ import annotations

import json
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfc.ir.diagnostic import Diagnostic, expect

from .archive import Archive

# The numbers of ScalarType in torch/_export/serde/schema.py.
DTYPES = {
    1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64",
    9: "complex32", 10: "complex64", 11: "complex128", 12: "bool", 13: "bfloat16", 28: "uint16", 34: "uint32", 35: "uint64",
}  # fmt: skip
STRIDED = 7
MOST_ELEMENTS = 1 << 24  # of one value: beyond, the file is a mistake or an attack on memory


def expect_small(*sizes: int) -> None:
    """A file may ask for more numbers than there is memory."""
    expect(prod(sizes) <= MOST_ELEMENTS, f"a constant of more than {MOST_ELEMENTS} elements is not computed at import")


def read_tensor(archive: Archive, model: str, name: str) -> NDArray[np.float32]:
    """A parameter, buffer or constant by the name that the module gives it."""
    for folder, config in (("data/weights/", f"{model}_weights_config.json"), ("data/constants/", f"{model}_constants_config.json")):
        if folder + config in archive:
            entry = json.loads(archive.read(folder + config))["config"].get(name)
            if entry is not None:
                return _array(archive, folder, entry, name)
    raise Diagnostic(f"{archive.label} lacks the tensor '{name}'", help="export it again")


def _array(archive: Archive, folder: str, entry: dict[str, Any], name: str) -> NDArray[np.float32]:
    """The strided view that the entry describes, never outside the bytes of its member."""
    if entry["use_pickle"]:
        raise Diagnostic(
            f"{archive.label} keeps '{name}' as a pickle, which can run code when it is loaded; tfc never loads one",
            help="give the module plain tensors (no tensor subclasses), then export it again",
        )
    meta = entry["tensor_meta"]
    sizes, strides = (tuple(int(n["as_int"]) for n in meta[key]) for key in ("sizes", "strides"))
    offset, dtype = int(meta["storage_offset"]["as_int"]), DTYPES.get(meta["dtype"], f"type {meta['dtype']}")
    if meta["layout"] != STRIDED:
        raise Diagnostic(f"'{name}' is stored as a sparse tensor", help="give the module dense tensors with zeros (.to_dense()), then export it again")
    storage = _elements(archive.read(folder + str(entry["path_name"])), dtype, name)
    last = offset + sum((n - 1) * stride for n, stride in zip(sizes, strides, strict=True))
    elements = int(np.prod(sizes, dtype=object)) if sizes else 1
    if min((*sizes, *strides, offset), default=0) < 0 or elements > MOST_ELEMENTS or (elements and last >= len(storage)):
        raise Diagnostic(f"{archive.label} is damaged: '{name}' of shape {sizes} leaves its {len(storage)} elements")
    view = np.lib.stride_tricks.as_strided(storage[offset:], sizes, tuple(stride * storage.itemsize for stride in strides))
    return _as_float32(view, name)


def _elements(data: bytes, dtype: str, name: str) -> NDArray[Any]:
    if dtype == "bfloat16":  # the upper half of a float32
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    if dtype not in ("float16", "float32", "float64", "bool", "uint8", "int8", "int16", "int32", "int64"):
        raise Diagnostic(f"'{name}' holds {dtype}, which tfc does not read", help="convert the model to float32: model.float()")
    return np.frombuffer(data, np.dtype(dtype).newbyteorder("<"))


def _as_float32(view: NDArray[Any], name: str) -> NDArray[np.float32]:
    """The same numbers: float16, bfloat16 and small integers fit exactly; others only if they happen to."""
    with np.errstate(over="ignore"):
        array = np.array(view, np.float32)
    if not np.array_equal(array.astype(view.dtype) if view.dtype.kind != "f" else array, view, equal_nan=view.dtype.kind == "f"):
        raise Diagnostic(f"'{name}' holds {view.dtype} numbers that float32 cannot hold", help="convert the model before the export: model.float()")
    return array

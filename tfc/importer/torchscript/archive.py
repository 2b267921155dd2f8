"""Look at a TorchScript archive before torch loads it: its pickles, its tensors, its code."""

from __future__ import annotations

import ast
import io
import math
import pickle
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tfc.importer.archive import Archive
from tfc.importer.pickles import HARMLESS, foreign_parts
from tfc.importer.program import Value
from tfc.importer.tensors import MOST_ELEMENTS
from tfc.ir.diagnostic import Diagnostic

TRACE_AGAIN = 'torch.jit.save(torch.jit.trace(model.eval(), torch.zeros(1, 3, 32, 32)), "model.pt")  # an example input with batch 1'
# What torch.jit.save writes beside tensors: lists under the type that TorchScript gives them.
TYPED = frozenset(f"torch.jit._pickle {name}" for name in ("build_intlist", "build_doublelist", "build_boollist", "build_tensorlist", "restore_type_tag"))
STORAGES = {"Float": "float32", "Double": "float64", "Half": "float16", "BFloat16": "bfloat16", "Long": "int64", "Int": "int32"} | {
    "Short": "int16",
    "Char": "int8",
    "Byte": "uint8",
    "Bool": "bool",
}
ITEM_BYTES = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "float16": 2, "bfloat16": 2, "int16": 2, "int8": 1, "uint8": 1, "bool": 1}
PLAIN_MEMBERS = ("data.pkl", "constants.pkl", "version", ".data/version", "byteorder")
DEEPEST = 300  # nested expressions: torch reads the code by recursion, and a deeper one may overrun its stack


@dataclass(frozen=True)
class Stored:
    """A tensor as a pickle describes it: where its elements lie, and which of them it is."""

    member: str
    dtype: str
    elements: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class Instance:
    """A module in a pickle; what it holds is of no interest here."""

    def __setstate__(self, state: object) -> None: ...


class _Reader(pickle.Unpickler):
    """Makes records only: every name that a pickle may call is one of this file's own, and no other is looked up."""

    def __init__(self, data: bytes, folder: str) -> None:
        super().__init__(io.BytesIO(data))
        self.folder = folder
        self.tensors: list[Stored] = []

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        if module.startswith("__torch__"):
            return Instance
        known: dict[str, Callable[..., Any]] = {"_rebuild_tensor_v2": self._tensor, "_rebuild_parameter": lambda tensor, *_: tensor, "OrderedDict": dict}
        if name.startswith("build_") or name == "restore_type_tag":
            return _typed
        return known.get(name) or (lambda *_: name)

    def persistent_load(self, pid: Any) -> tuple[str, str, int]:
        kind, storage, key, _, elements = pid
        dtype = STORAGES[storage().removesuffix("Storage")]
        if kind != "storage" or type(key) is not str or type(elements) is not int or elements < 0:
            raise ValueError("a storage that torch does not write")
        return self.folder + key, dtype, elements

    def _tensor(self, storage: tuple[str, str, int], offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object) -> Stored:
        tensor = Stored(*storage, offset, shape, strides)
        self.tensors.append(tensor)
        return tensor


def _typed(items: Any, tag: str = "") -> Any:
    if tag.count("[") > 20:
        raise ValueError("a type that torch does not write")
    return items


def inspect_trace(archive: Archive) -> bytes:
    """The archive for torch's loader, rebuilt from the members that were looked at; a Diagnostic if one of them is not harmless.

    torch.jit.load executes no Python. What it does do with a hostile file is excluded here: `__setstate__` methods, which it runs;
    classes of C++ extensions, which bring such methods; tensors larger than their bytes, which it does not check; code too deep for
    its parser; source ranges that point outside their texts. Operators are checked one by one when the program is stepped. A rebuilt
    archive leaves no room for two readers of one zip to see different members.
    """
    members = {name: archive.read(name) for name in archive.full_names if name in PLAIN_MEMBERS}
    members |= {folder + name: archive.read(folder + name) for folder in ("code/", "data/", "constants/") for name in archive.names(folder)}
    if members.get("byteorder", b"little") != b"little":
        raise Diagnostic(f"{archive.label} holds big-endian numbers", help="save it on a little-endian machine")
    members.setdefault("constants.pkl", b"\x80\x02).")
    for name, data in list(members.items()):
        if name.endswith(".py"):
            _check_code(archive.label, name, data)
        elif name.endswith("pkl"):
            value, _ = read_pickle(archive, name, data, modules=name == "data.pkl")
            if name.endswith(".debug_pkl") and not _are_ranges(value):
                del members[name]  # the lines of the user's code are lost, no more
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as rebuilt:
        for name, data in members.items():
            rebuilt.writestr(f"model/{name}", data)
    return buffer.getvalue()


def _are_ranges(value: Any) -> bool:
    """Whether the source ranges of a code file are what torch.jit.save writes now: torch follows their indices unchecked."""
    try:
        form, texts, ranges = value
        sizes = [len(text.encode()) for text in texts]
        for offset, ((pieces, file, line), start, end), tag in ranges:
            size = sum(sizes[piece] for piece in pieces)
            numbers = (offset, file, line, start, end, tag, *pieces)
            if not all(type(n) is int and 0 <= n < 1 << 31 for n in numbers) or file >= len(sizes) or not start <= end <= size + 1:
                return False
    except (TypeError, ValueError, IndexError, AttributeError):
        return False
    return bool(form == "FORMAT_WITH_STRING_TABLE")


def read_pickle(archive: Archive, name: str, data: bytes, *, modules: bool = False) -> tuple[Any, list[Stored]]:
    """The records of a pickle and the tensors in it, each checked against the bytes that the archive holds."""
    allowed = HARMLESS | TYPED
    foreign = [
        part for part in foreign_parts(data) if not _is_ours(part, modules) and part.replace(".", " ") not in {text.replace(".", " ") for text in allowed}
    ]
    if foreign:
        raise Diagnostic(f"{archive.label} holds more than modules and tensors: {name} holds {', '.join(foreign[:5])}", help="do not load this file")
    reader = _Reader(data, {"data.pkl": "data/"}.get(name, name.removesuffix(".pkl") + "/"))
    try:
        value = reader.load()
        sizes = {tensor.member: len(archive.read(tensor.member)) for tensor in reader.tensors}
        wrong = [tensor for tensor in reader.tensors if not _fits(tensor, sizes[tensor.member], stripped=name == "traced_inputs.pkl")]
    except Diagnostic:
        raise
    except Exception as error:  # an unpickler promises nothing about broken input
        raise Diagnostic(f"{archive.label} is damaged: {name} is not what torch.jit.save writes ({type(error).__name__}: {error})") from error
    if wrong:
        raise Diagnostic(f"{archive.label} is damaged: a tensor of shape {wrong[0].shape} leaves the bytes of {wrong[0].member}")
    return value, reader.tensors


def _is_ours(part: str, modules: bool) -> bool:
    """Objects of the archive's own TorchScript classes are data to the loader, once no class brings a __setstate__."""
    return modules and (part in ("opcode BUILD", "opcode NEWOBJ") or (part.startswith("__torch__.") and ".torch.classes." not in part))


def _fits(tensor: Stored, size: int, *, stripped: bool) -> bool:
    numbers = (tensor.offset, *tensor.shape, *tensor.strides)
    if not all(type(n) is int and n >= 0 for n in numbers) or len(tensor.shape) != len(tensor.strides) or len(tensor.shape) > 16:
        return False
    count = math.prod(tensor.shape)
    last = tensor.offset + sum((n - 1) * stride for n, stride in zip(tensor.shape, tensor.strides, strict=True))
    inside = count == 0 or last < tensor.elements
    # Recorded inputs come without their elements.
    return count <= MOST_ELEMENTS and inside and (stripped or tensor.elements * ITEM_BYTES[tensor.dtype] <= size)


def _check_code(label: str, name: str, data: bytes) -> None:
    """TorchScript is written in the syntax of Python: parsing it with Python's own parser executes nothing."""
    for forbidden, what in ((b"__setstate__", "a method that runs when the file is loaded"), (b"torch.classes", "an object of a C++ extension")):
        if forbidden in data:
            raise Diagnostic(f"{label} holds {what} ({forbidden.decode()} in {name})", help=f"trace the float model: {TRACE_AGAIN}")
    try:
        level: list[ast.AST] = [ast.parse(data)]
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Diagnostic(f"{label} is damaged: {name} is no TorchScript code ({type(error).__name__})") from None
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise Diagnostic(f"{label}: the code of {name} is nested more than {DEEPEST} deep")


def recorded_inputs(archive: Archive) -> tuple[Value, ...] | None:
    """Shapes and types of the example inputs, which torch.jit.trace records and the archive may keep."""
    if "traced_inputs.pkl" not in archive:
        return None
    value, _ = read_pickle(archive, "traced_inputs.pkl", archive.read("traced_inputs.pkl"))
    inputs = value.get("forward") if isinstance(value, Mapping) else None
    if not isinstance(inputs, list) or not all(isinstance(item, Stored) for item in inputs):
        return None
    return tuple(Value(item.shape, item.dtype) for item in inputs)

"""Read pickles without running them: what one would import or call beyond tensors and plain containers."""

from __future__ import annotations

import io
import pickletools
import zipfile
import zlib

# What torch.save writes for tensors in tuples, lists and dictionaries; every one of them only makes data.
HARMLESS = frozenset(
    {"collections OrderedDict", "torch Size", "torch device", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter"}
    | {f"torch {kind}Storage" for kind in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")}
    | {f"torch {kind}" for kind in ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")}
)
# BUILD, INST, OBJ, NEWOBJ, EXT* and STACK_GLOBAL are missing on purpose: each can reach code of the file's choice.
SAFE_OPCODES = """
    PROTO FRAME STOP MARK POP POP_MARK NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT
    BINUNICODE SHORT_BINUNICODE BINUNICODE8 UNICODE EMPTY_LIST LIST APPEND APPENDS EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3
    EMPTY_DICT DICT SETITEM SETITEMS PUT BINPUT LONG_BINPUT MEMOIZE GET BINGET LONG_BINGET GLOBAL REDUCE BINPERSID
"""
OPCODES = frozenset(SAFE_OPCODES.split())


def foreign_parts(pickle: bytes) -> list[str]:
    """Globals and opcodes of a pickle that are not on the list, in order; empty for tensors and plain containers."""
    foreign: dict[str, None] = {}
    try:
        for opcode, argument, _ in pickletools.genops(pickle):
            if opcode.name in ("GLOBAL", "INST") and argument not in HARMLESS:
                foreign[str(argument).replace(" ", ".")] = None
            elif opcode.name not in OPCODES:
                foreign[f"opcode {opcode.name}"] = None
    except Exception:  # pickletools promises nothing about broken input: whatever it raises, this is no pickle of torch
        foreign["bytes that are no pickle"] = None
    return list(foreign)


def pickles_in(data: bytes, most_bytes: int) -> list[bytes]:
    """The pickles of a `.pt` member: those inside, if it is a zip itself, else the bytes."""
    if not data.startswith(b"PK"):
        return [data]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as inner:
            if sum(info.file_size for info in inner.infolist()) > most_bytes:
                return [b""]
            names = [info for info in inner.infolist() if info.filename.endswith(".pkl")]
            return [inner.read(info) for info in names]
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError, ValueError):
        return [b""]  # counts as "no pickle", and is refused as such

"""hooks.c as native functions: compiled for this machine by ziglang's clang, linked in memory by llvmlite."""

import ctypes
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import llvmlite.binding as llvm

from tfc.backends.toolchain import zig_program
from tfc.ir.diagnostic import Diagnostic

SOURCE = Path(__file__).with_name("hooks.c")


class Watched(ctypes.Structure):
    """`struct watched` of hooks.c."""

    _fields_ = (("base", ctypes.c_uint64), ("bytes", ctypes.c_uint64), ("touched", ctypes.c_void_p), ("allowed", ctypes.c_void_p))


class State(ctypes.Structure):
    """`struct state` of hooks.c."""

    _fields_ = (
        ("base", ctypes.c_uint64),
        ("halves", ctypes.c_uint64),
        ("counts", ctypes.c_void_p),
        ("stack_moves", ctypes.c_void_p),
        ("stack", ctypes.c_void_p),
        ("owner", ctypes.c_void_p),
        ("aligned", ctypes.c_void_p),
        ("counters", ctypes.c_void_p),
        ("current", ctypes.c_uint64),
        ("budget", ctypes.c_int64),
        ("block", ctypes.c_uint64),
        ("stack_low", ctypes.c_uint64),
        ("watched", ctypes.POINTER(Watched)),
        ("watched_count", ctypes.c_uint64),
        ("stray", ctypes.c_uint64),
        ("misaligned", ctypes.c_uint64),
        ("culprit", ctypes.c_uint64),
        ("stop", ctypes.c_void_p),
        ("read_register", ctypes.c_void_p),
    )


@cache
def native_engine() -> llvm.ExecutionEngine:
    """The compiled hooks; kept for the whole process because unicorn calls into them."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    triple = llvm.get_process_triple()
    with tempfile.TemporaryDirectory() as folder:
        item = Path(folder, "hooks.o")
        zig, headers = zig_program()
        command = (zig, "clang", f"--target={triple}", *headers, "-std=c11", "-O2", "-ffreestanding", "-Wall", "-Wextra", "-Werror")
        result = subprocess.run((*command, "-c", str(SOURCE), "-o", str(item)), capture_output=True, text=True, check=False)
        if result.returncode:
            raise Diagnostic(f"the emulator's hooks do not compile for {triple}:\n{result.stderr.strip()}")
        data = item.read_bytes()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), llvm.Target.from_triple(triple).create_target_machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(data))
    engine.finalize_object()
    return engine


def native_function(name: str) -> ctypes.c_void_p:
    """The address of a hook."""
    return ctypes.c_void_p(native_engine().get_function_address(name))

"""The hooks as native functions: compiled for this machine by ziglang's clang, linked in memory by llvmlite."""

import ctypes
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import llvmlite.binding as llvm

from tfc.backends.toolchain import zig_program
from tfc.ir.diagnostic import Diagnostic

SOURCES = sorted(Path(__file__).with_name("hooks").glob("*.c"))


@cache
def native_engine() -> llvm.ExecutionEngine:
    """The compiled hooks; kept for the whole process because unicorn calls into them."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    triple = llvm.get_process_triple()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), llvm.Target.from_triple(triple).create_target_machine())
    for data in objects(triple):
        engine.add_object_file(llvm.ObjectFileRef.from_data(data))
    engine.finalize_object()
    return engine


def objects(triple: str) -> list[bytes]:
    """Each source compiled."""
    with tempfile.TemporaryDirectory() as folder:
        zig, headers = zig_program()
        command = (zig, "clang", f"--target={triple}", *headers, "-std=c11", "-O2", "-ffreestanding", "-Wall", "-Wextra", "-Werror")
        result = subprocess.run((*command, "-c", *map(str, SOURCES)), cwd=folder, capture_output=True, text=True, check=False)
        if result.returncode:
            raise Diagnostic(f"the emulator's hooks do not compile for {triple}:\n{result.stderr.strip()}")
        return [Path(folder, source.with_suffix(".o").name).read_bytes() for source in SOURCES]


def native_function(name: str) -> ctypes.c_void_p:
    """The address of a hook."""
    return ctypes.c_void_p(native_engine().get_function_address(name))

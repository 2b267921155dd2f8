"""LLVM IR as machine code of this process."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from tfc.ir.diagnostic import Diagnostic

from .cache import Cache


def multiplies_pairs() -> bool:
    """Whether this machine has the instruction for sums of two 16-bit products."""
    return bool(llvm.get_host_cpu_features().get("avx2"))


def machine() -> Any:
    """Code generation for exactly this processor."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=3, jit=True)


@dataclass(frozen=True)
class Native:
    """A module in memory. The code lives as long as this object; where there is a cache, it is made once for all processes."""

    text: str
    cache: Cache | None = None

    @cached_property
    def optimised(self) -> Any:
        target, module = machine(), llvm.parse_assembly(self.text)
        tuning = llvm.create_pipeline_tuning_options(speed_level=1)  # the code is as fast as with 3, and made in three quarters of the time
        tuning.loop_vectorization = tuning.slp_vectorization = False  # lanes are vectors already
        tuning.loop_unrolling = False  # bodies are long as they are; it would double the time of compiling
        builder = llvm.create_pass_builder(target, tuning)
        builder.getModulePassManager().run(module, builder)
        return module

    @property
    def assembly(self) -> str:
        return str(machine().emit_assembly(self.optimised))

    @property
    def key(self) -> str:
        """What machine code depends on: the module, the processor, and what generates code."""
        parts = (self.text, llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), llvmlite.__version__, llvm.llvm_version_info)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def _object(self) -> bytes:
        """A relocatable object file, from the cache or into it."""
        if self.cache is None:
            return bytes(machine().emit_object(self.optimised))
        key = self.key
        if (code := self.cache.get(key)) is None:
            code = bytes(machine().emit_object(self.optimised))
            self.cache.put(key, code)
        return code

    @cached_property
    def _engine(self) -> Any:
        target = machine()
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
        engine.add_object_file(llvm.ObjectFileRef.from_data(self._object()))
        engine.finalize_object()
        return engine

    def address(self, name: str) -> int:
        """Of a function."""
        if not (address := int(self._engine.get_function_address(name))):
            raise Diagnostic(f"the native code has no function {name}")
        return address

"""LLVM IR as machine code of this process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import llvmlite.binding as llvm

from tfc.ir.diagnostic import Diagnostic


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
    """A module in memory. The code lives as long as this object."""

    text: str

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

    @cached_property
    def _engine(self) -> Any:
        engine = llvm.create_mcjit_compiler(self.optimised, machine())
        engine.finalize_object()
        return engine

    def address(self, name: str) -> int:
        """Of a function."""
        if not (address := int(self._engine.get_function_address(name))):
            raise Diagnostic(f"the native code has no function {name}")
        return address

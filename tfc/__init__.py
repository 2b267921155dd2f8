"""Compile traced PyTorch models to sparse int8 C for Cortex-M7 microcontrollers."""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Loaded on first use, so that `import tfc.ir` stays light and never imports torch.
_HOMES = {
    "compile": "tfc.compiler",
    "Options": "tfc.options",
    "estimate": "tfc.session",
    "Estimate": "tfc.estimator",
    "Session": "tfc.session",
    "Sparsity": "tfc.sparsity",
    "load": "tfc.compiled",
    "Diagnostic": "tfc.ir.diagnostic",
}

__all__ = ["Diagnostic", "Estimate", "Options", "Session", "Sparsity", "compile", "estimate", "load"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tfc' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)

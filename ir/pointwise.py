"""The pointwise functions: one float definition each, and their clamps where they are nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from .diagnostic import Diagnostic


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


# Some take parameters behind their argument.
FUNCTIONS: dict[str, Callable[..., float]] = {
    "relu": lambda x: max(x, 0.0),
    "relu6": lambda x: min(max(x, 0.0), 6.0),
    "sigmoid": _sigmoid,
    "tanh": math.tanh,
    "silu": lambda x: x * _sigmoid(x),
    "gelu": lambda x: 0.5 * x * (1 + math.erf(x / math.sqrt(2))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "hardswish": lambda x: x * min(max(x + 3, 0.0), 6.0) / 6,
    "hardsigmoid": lambda x: min(max(x + 3, 0.0), 6.0) / 6,
    "exp": lambda x: math.exp(min(x, 700.0)),
    "sqrt": lambda x: math.sqrt(max(x, 0.0)),
    "log": lambda x: math.log(max(x, 1e-30)),
    "abs": abs,
    "neg": lambda x: -x,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x if abs(x) > 1e-30 else math.copysign(1e30, x),
    "rsqrt": lambda x: 1 / math.sqrt(max(x, 1e-30)),
    "erf": math.erf,
    "sin": math.sin,
    "cos": math.cos,
    "softplus": lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),
    "mish": lambda x: x * math.tanh(max(x, 0.0) + math.log1p(math.exp(-abs(x)))),
    "leaky_relu": lambda x, slope: x if x >= 0 else slope * x,
    "elu": lambda x, alpha: x if x >= 0 else alpha * math.expm1(x),
    "clip": lambda x, lo, hi: min(max(x, lo), hi),
}

# Activations that only cut: the bounds between which they are the identity.
CLAMPS = {"relu": (0.0, math.inf), "relu6": (0.0, 6.0)}


def function_named(name: str, parameters: Sequence[float] = ()) -> Callable[[float], float]:
    """A function of one number, its parameters filled in."""
    if name not in FUNCTIONS:
        raise Diagnostic(f"there is no pointwise function @{name}", help=f"functions: {', '.join(FUNCTIONS)}")
    function = FUNCTIONS[name]
    return lambda x: function(x, *parameters)

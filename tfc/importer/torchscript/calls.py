"""Record the calls of a TorchScript program as torch.export would, with shapes found on torch's meta device, which has no data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfc.importer.builder import Constant, name_of
from tfc.importer.program import Call, Foreign, Ref, Value
from tfc.importer.tensors import MOST_ELEMENTS
from tfc.ir.diagnostic import Diagnostic, expect

if TYPE_CHECKING:
    from torch import Tensor

EVAL = "call model.eval() before torch.jit.trace or torch.jit.script"
# torch's own numbers of types, as TorchScript writes them; torch.export has others.
SCALAR_TYPES = {0: "uint8", 1: "int8", 2: "int16", 3: "int32", 4: "int64", 5: "float16", 6: "float32", 7: "float64", 11: "bool", 15: "bfloat16"}
# torch does not check the numbers that stand for types, layouts and orders of axes: a wrong one is a wild read.
NUMBERED: dict[str, dict[int, str]] = {
    "ScalarType": SCALAR_TYPES,
    "Layout": {0: "strided"},
    "MemoryFormat": {0: "contiguous_format", 1: "preserve_format", 2: "channels_last", 3: "channels_last_3d"},
}


@dataclass(eq=False)
class Traced:
    """A tensor: the value that it is now (an operator in place gives it another), and its shape and type, if they are known."""

    name: str
    meta: Tensor | None
    from_data: bool = True  # whether it can depend on the inputs of the network


@dataclass(frozen=True)
class Datum:
    """A number that was read out of a tensor: it depends on the data, and nothing here may depend on it."""


class Unknown(Exception):
    """A shape is asked for behind an operator that tfc does not support: stepping ends, the operator is reported."""


@dataclass(frozen=True)
class Place:
    """Where a call stands: the path of its module, the user's file and line."""

    module: str
    line: str

    def of(self, what: str) -> str:
        return Call(what, {}, (), False, self.module, self.line).place


def has_tensor(value: Any) -> bool:
    """Whether a value is a tensor, or a list that holds one."""
    return isinstance(value, Traced) or (isinstance(value, (list, tuple)) and any(has_tensor(item) for item in value))


def _convolution(arguments: dict[str, Any], rank: int) -> tuple[str, dict[str, Any]]:
    """A trace shows the one operator behind conv1d, conv2d, …; torch.export the one that was called."""
    kept = {key: arguments[key] for key in ("input", "weight", "bias", "stride", "padding", "dilation", "groups")}
    if not arguments["transposed"]:
        return f"aten.conv{rank - 2}d.default", kept
    overload = "default" if rank == 3 else "input"
    return f"aten.conv_transpose{rank - 2}d.{overload}", {**kept, "output_padding": arguments["output_padding"]}


def _convolution_mode(arguments: dict[str, Any], rank: int) -> tuple[str, dict[str, Any]]:
    return f"aten.conv{rank - 2}d.padding", arguments


# What traces name otherwise than torch.export does; the second argument is the rank of the first tensor.
RENAMED: dict[str, Callable[[dict[str, Any], int], tuple[str, dict[str, Any]]]] = {
    "aten._convolution.default": _convolution,
    "aten._convolution.deprecated": _convolution,
    "aten._convolution_mode.default": _convolution_mode,
    "aten.mH.default": lambda arguments, rank: ("aten.mT.default", arguments),  # no tensor here is complex
}


class Recorder:
    """Calls, constants and facts of values, as they come. Only operators in `supported` are ever handed to torch."""

    def __init__(self, supported: Collection[str]) -> None:
        self.supported = supported
        self.calls: list[Call] = []
        self.constants: dict[str, Constant] = {}
        self.values: dict[str, Value] = {}
        self._attributes: dict[str, Traced] = {}

    def input(self, name: str, value: Value) -> Traced:
        import torch

        meta = torch.empty(value.shape, dtype=getattr(torch, value.dtype), device="meta")
        self.values[name] = value
        return Traced(name, meta)

    def constant(self, path: str, tensor: Tensor) -> Traced:
        """A parameter, buffer or number of the program; one for each path."""
        if path not in self._attributes:
            import torch

            name = f"self.{path}"  # no name of an input
            meta = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
            self.constants[name] = Constant(name_of(path), _as_float32(path, tensor))
            self.values[name] = _facts(meta)
            self._attributes[path] = Traced(name, meta)
        return self._attributes[path]

    def call(self, target: str, arguments: list[Any], place: Place) -> Any:
        """Record the call; its result is a tensor, or a list of them."""
        if target not in self.supported and target not in RENAMED:
            return self._record(target, {}, Traced(self._fresh(0), None, any(has_tensor(value) for value in arguments)), place)
        import torch

        _, name, overload = target.split(".")
        operator = getattr(getattr(torch.ops.aten, name), overload)
        declared = operator._schema.arguments
        trains = any(argument.name in ("train", "training") and value is True for argument, value in zip(declared, arguments, strict=True))
        if trains and (name == "batch_norm" or "dropout" in name):
            raise Diagnostic(f"this {name} was traced or scripted in training mode", at=place.of(target), help=EVAL)
        # torch.export leaves out what equals the default, and the rules have the same defaults.
        given = {
            argument.name: _recorded(argument, value)
            for argument, value in zip(declared, arguments, strict=True)
            if not (argument.has_default_value() and argument.default_value == value)
        }
        made = _run(operator, arguments, place)
        if target in RENAMED and made is not None:
            target, given = RENAMED[target](given, made.dim())
        if declared[0].alias_info is not None and declared[0].alias_info.is_write and isinstance(arguments[0], Traced):
            arguments[0].name = self._fresh(0)
            return self._record(target, given, arguments[0], place)
        several = isinstance(made, (list, tuple))
        results = [Traced(self._fresh(i), meta) for i, meta in enumerate(made if several else [made])]
        return self._record(target, given, results if several else results[0], place)

    def _fresh(self, number: int) -> str:
        return f"%{len(self.calls)}.{number}"

    def _record(self, target: str, given: Mapping[str, Any], result: Any, place: Place) -> Any:
        results = result if isinstance(result, list) else [result]
        self.calls.append(Call(target, given, tuple(traced.name for traced in results), isinstance(result, list), place.module, place.line))
        for traced in results:
            if traced.meta is not None:
                if traced.meta.numel() > MOST_ELEMENTS:
                    shape = tuple(traced.meta.shape)
                    raise Diagnostic(f"the program has a value of shape {shape}; values have at most {MOST_ELEMENTS} elements", at=place.of(target))
                self.values[traced.name] = _facts(traced.meta)
        return result


def _run(operator: Any, arguments: list[Any], place: Place) -> Any:
    """The operator on the meta device; None behind one that is not supported."""
    import torch

    declared = operator._schema.arguments
    try:
        concrete = [_executed(argument, value) for argument, value in zip(declared, arguments, strict=True)]
        with torch.no_grad():
            positional = [value for argument, value in zip(declared, concrete, strict=True) if not argument.kwarg_only]
            return operator(*positional, **{a.name: value for a, value in zip(declared, concrete, strict=True) if a.kwarg_only})
    except Unknown:
        return None
    except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError, ArithmeticError) as error:
        said = (str(error).strip().splitlines() or [""])[0]
        shapes = ", ".join(str(tuple(value.meta.shape)) for value in arguments if isinstance(value, Traced) and value.meta is not None)
        raise Diagnostic(
            f"the inputs do not fit this model: for tensors of shape {shapes} torch says '{said}'",
            at=place.of(str(operator)),
            help="--shape gives the shape of each input",
        ) from error


def _executed(declared: Any, value: Any) -> Any:
    """An argument as the meta device takes it: tensors without data, and no other device."""
    import torch

    if isinstance(value, Traced):
        if value.meta is None:
            raise Unknown
        return value.meta
    if isinstance(value, (list, tuple)):
        return [_executed(declared, item) for item in value]
    if declared.name == "device":
        return torch.device("meta")
    if value is not None and (names := NUMBERED.get(_kind(declared))) is not None:
        expect(type(value) is int and value in names, f"{value!r} is no {_kind(declared)} that tfc knows")
        return getattr(torch, names[value])
    # Where a tensor is due, a number was one in the trace: float64 or int64 without axes, which leave the type of others alone.
    return torch.tensor(value, dtype=torch.float64 if isinstance(value, float) else None) if str(declared.type) == "Tensor" else value


def _kind(declared: Any) -> str:
    """The type of an argument in the operator's schema, whether it is optional or not."""
    return str(declared.real_type).removeprefix("Optional[").removesuffix("]")


def _recorded(declared: Any, value: Any) -> Any:
    """An argument as a Program holds it."""
    if isinstance(value, Traced):
        return Ref(value.name)
    if isinstance(value, (list, tuple)):
        return tuple(_recorded(declared, item) for item in value)
    if value is not None and _kind(declared) == "ScalarType":
        return SCALAR_TYPES.get(value, f"type {value}")
    return value if value is None or isinstance(value, (bool, int, float, str)) else Foreign(_kind(declared).lower())


def _facts(meta: Tensor) -> Value:
    return Value(tuple(meta.shape), str(meta.dtype).removeprefix("torch."))


def _as_float32(name: str, tensor: Tensor) -> Any:
    """The same numbers as a numpy array: float16, bfloat16 and small integers fit exactly; others only if they happen to."""
    import torch

    plain = tensor.detach()
    array = plain.to(torch.float32)
    if not plain.is_floating_point() or plain.dtype == torch.float64:
        back = array.to(plain.dtype)
        if plain.is_complex() or not torch.equal(back.nan_to_num(), plain.nan_to_num()):
            raise Diagnostic(
                f"'{name}' holds {str(plain.dtype).removeprefix('torch.')} numbers that float32 cannot hold",
                help="convert the model before tracing it: model.float()",
            )
    return array.contiguous().numpy()

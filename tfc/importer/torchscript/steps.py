"""Step a TorchScript program node by node: methods and functions are entered, numbers evaluated, operators on tensors recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tfc.importer.builder import name_of
from tfc.ir.diagnostic import Diagnostic, expect

from .calls import Datum, Place, Recorder, Traced, Unknown, has_tensor
from .lines import user_line
from .numbers import FACTS, NUMBERS, ON_LISTS, bounded

MOST_STEPS = 100_000  # a loop that ends late, or methods that call each other twice over and over
DEEPEST_CALL = 100
TRACE_INSTEAD = "a network for tfc has no data-dependent control flow: rewrite it, or trace the model with torch.jit.trace"


@dataclass(frozen=True)
class Module:
    """A module of the program, by its path from the root."""

    path: str
    script: Any


@dataclass(frozen=True)
class Lifted:
    """A constant of the code that has no name."""

    tensor: Any


@dataclass(frozen=True)
class Frame:
    """A method or function under way: its values by name, the module it belongs to."""

    values: dict[str, Any]
    module: str


class Stepper:
    """The state of one walk through a program."""

    def __init__(self, unit: Any, recorder: Recorder) -> None:
        self.unit, self.recorder = unit, recorder
        self.steps = 0
        self.calls: list[str] = []  # source ranges of the calls that we are in
        self.tensors = 0

    def run(self, graph: Any, arguments: list[Any], module: str) -> Any:
        """The result of a graph for these arguments; several are a list."""
        frame = Frame({value.debugName(): argument for value, argument in zip(graph.inputs(), arguments, strict=True)}, module)
        results = self.block(frame, graph)
        return results[0] if len(results) == 1 else results

    def block(self, frame: Frame, block: Any) -> list[Any]:
        """Step the nodes of a graph, or of a branch or loop in it; the values it ends with."""
        for node in block.nodes():
            self.steps += 1
            if self.steps > MOST_STEPS:
                raise Diagnostic(f"the program takes more than {MOST_STEPS} steps", at=self.place(frame, node).of(node.kind()))
            inputs = [self.read(frame, value) for value in node.inputs()]
            made = self.step(frame, node, inputs)
            outputs = [value.debugName() for value in node.outputs()]
            spread = node.kind() in SEVERAL or (len(outputs) > 1 and isinstance(made, list))
            frame.values.update(zip(outputs, made if spread else [made] * len(outputs), strict=True))
        return [self.read(frame, value) for value in block.outputs()]

    def read(self, frame: Frame, value: Any) -> Any:
        """A value of the frame. Constants get their numbers when they are first read, as in torch.export: torch loads them in another order."""
        name = value.debugName()
        if isinstance(frame.values[name], Lifted):
            frame.values[name] = self.recorder.constant(f"lifted_tensor_{self.tensors}", frame.values[name].tensor)
            self.tensors += 1
        return frame.values[name]

    def step(self, frame: Frame, node: Any, inputs: list[Any]) -> Any:
        kind = node.kind()
        try:
            if kind in NODES:
                return NODES[kind](self, frame, node, inputs)
            if kind.startswith("aten::"):
                return self.operator(frame, node, inputs)
        except Diagnostic as error:
            error.at = error.at or self.place(frame, node).of(kind)
            raise
        except (TypeError, ValueError, IndexError, KeyError, AttributeError, ArithmeticError, RuntimeError) as error:
            raise Diagnostic(f"this node cannot be evaluated ({type(error).__name__}: {error})", at=self.place(frame, node).of(kind)) from error
        raise Diagnostic(f"TorchScript's {kind} is not supported", at=self.place(frame, node).of(kind), help=TRACE_INSTEAD)

    def place(self, frame: Frame, node: Any) -> Place:
        return Place(name_of(frame.module), user_line([node.sourceRange(), *reversed(self.calls)]))

    @contextmanager
    def inside(self, node: Any) -> Iterator[None]:
        """While a call is followed, its place serves those inside that have none."""
        if len(self.calls) >= DEEPEST_CALL:
            raise Diagnostic(f"the program nests calls more than {DEEPEST_CALL} deep")
        self.calls.append(node.sourceRange())
        yield
        self.calls.pop()

    def operator(self, frame: Frame, node: Any, inputs: list[Any]) -> Any:
        """Evaluate an operator on numbers and lists; record one on tensors."""
        name = node.kind().removeprefix("aten::")
        if name in FACTS:
            return bounded(FACTS[name](*inputs))
        if name in ON_TENSORS and isinstance(inputs[0], Traced):
            return ON_TENSORS[name](_known(inputs[0]), *inputs[1:])
        tensors = any(has_tensor(value) for value in inputs)
        if any(isinstance(value, Datum) for value in inputs):
            expect(not tensors, "a tensor is computed with a number that was read out of a tensor: keep it a tensor, without .item(), int() or float()")
            return Datum()
        if name in READS_DATA and tensors:
            if not inputs[0].from_data:
                raise Unknown
            return Datum()
        on_list = bool(inputs) and isinstance(inputs[0], list)
        table, plain = ON_LISTS if on_list else NUMBERS, name if name.startswith("__") else name.removesuffix("_")
        if plain in table and (on_list or not tensors):
            return bounded(table[plain](*inputs))
        overload = node.schema().partition("(")[0].partition(".")[2] or "default"
        return self.recorder.call(f"aten.{name}.{overload}", inputs, self.place(frame, node))

    def constant(self, frame: Frame, node: Any, inputs: list[Any]) -> Any:
        import torch

        output = node.output()
        if output.type().kind() == "FunctionType":
            return output.type().annotation_str
        value = output.toIValue()
        if not isinstance(value, torch.Tensor):
            return list(value) if isinstance(value, tuple) else value
        if value.dim() == 0 and value.dtype in (torch.float64, torch.int64, torch.bool):
            return value.item()  # a number in the user's code: `x * 0.5`
        return Lifted(value)

    def attribute(self, frame: Frame, node: Any, inputs: list[Any]) -> Any:
        name = node.s("name")
        path = f"{inputs[0].path}.{name}".lstrip(".")
        return self.wrapped(path, inputs[0].script.getattr(name))

    def wrapped(self, path: str, value: Any) -> Any:
        """An attribute of a module, its tensors by their paths."""
        import torch

        if isinstance(value, torch.Tensor):
            return self.recorder.constant(path, value)
        if isinstance(value, (torch.jit.ScriptModule, torch._C.ScriptModule)):
            return Module(path, value)
        return [self.wrapped(f"{path}.{i}", item) for i, item in enumerate(value)] if isinstance(value, (list, tuple)) else value

    def method(self, frame: Frame, node: Any, inputs: list[Any]) -> Any:
        with self.inside(node):
            return self.run(inputs[0].script._get_method(node.s("name")).graph, inputs, inputs[0].path)

    def function(self, frame: Frame, node: Any, inputs: list[Any]) -> Any:
        with self.inside(node):
            return self.run(self.unit.find_function(inputs[0]).graph, inputs[1:], frame.module)

    def branch(self, frame: Frame, node: Any, inputs: list[Any]) -> list[Any]:
        taken, other = node.blocks()
        return self.block(frame, taken if self.decided(inputs[0]) else other)

    def loop(self, frame: Frame, node: Any, inputs: list[Any]) -> list[Any]:
        (body,) = node.blocks()
        most, go, *carried = inputs
        for count in range(self.decided(most)):
            if not self.decided(go):
                break
            frame.values.update(zip((value.debugName() for value in body.inputs()), (count, *carried), strict=True))
            go, *carried = self.block(frame, body)
        return carried

    def decided(self, condition: Any) -> Any:
        if isinstance(condition, (Traced, Datum)):
            raise Diagnostic("the control flow of this program depends on its data", help=TRACE_INSTEAD)
        return condition

    def unpack(self, frame: Frame, node: Any, inputs: list[Any]) -> list[Any]:
        if isinstance(inputs[0], Traced):  # behind an operator that is not supported
            _known(inputs[0])
        return list(inputs[0])

    def fail(self, frame: Frame, node: Any, inputs: list[Any]) -> Any:
        raise Diagnostic(f"the model raises an error for these inputs: {inputs[0]}", help="--shape gives the shape of each input")

    def change(self, frame: Frame, node: Any, inputs: list[Any]) -> Any:
        raise Diagnostic(
            f"the model changes its own state '{node.s('name')}' on every call", help="state that lives from call to call must be an input and an output"
        )


def _known(traced: Traced) -> Any:
    if traced.meta is None:
        raise Unknown
    return traced.meta


def _size(meta: Any, dim: int | None = None) -> Any:
    return list(meta.shape) if dim is None else meta.shape[dim]


Handler = Callable[[Stepper, Frame, Any, list[Any]], Any]
READS_DATA = frozenset({"Int", "Float", "Bool", "item", "ScalarImplicit", "IntImplicit", "FloatImplicit", "is_nonzero"})
ON_TENSORS: dict[str, Callable[..., Any]] = {
    "size": _size,
    "dim": lambda meta: meta.dim(),
    "len": lambda meta: meta.shape[0],
    "numel": lambda meta: meta.numel(),
    "is_floating_point": lambda meta: meta.is_floating_point(),
}
NODES: dict[str, Handler] = {
    "prim::Constant": Stepper.constant,
    "prim::GetAttr": Stepper.attribute,
    "prim::CallMethod": Stepper.method,
    "prim::CallFunction": Stepper.function,
    "prim::If": Stepper.branch,
    "prim::Loop": Stepper.loop,
    "prim::RaiseException": Stepper.fail,
    "prim::SetAttr": Stepper.change,
    "prim::ListUnpack": Stepper.unpack,
    "prim::TupleUnpack": Stepper.unpack,
    "prim::ListConstruct": lambda stepper, frame, node, inputs: inputs,
    "prim::TupleConstruct": lambda stepper, frame, node, inputs: inputs,
    "prim::DictConstruct": lambda stepper, frame, node, inputs: dict(zip(inputs[::2], inputs[1::2], strict=True)),
    "prim::TupleIndex": lambda stepper, frame, node, inputs: inputs[0][inputs[1]],
    **dict.fromkeys(("prim::NumToTensor", "prim::unchecked_cast", "prim::unchecked_unwrap_optional"), lambda stepper, frame, node, inputs: inputs[0]),
    **dict.fromkeys(("prim::Uninitialized", "prim::Print", "aten::warn"), lambda stepper, frame, node, inputs: None),
    **dict.fromkeys(("prim::is_cuda", "prim::requires_grad"), lambda stepper, frame, node, inputs: False),
}
SEVERAL = frozenset({"prim::If", "prim::Loop", "prim::ListUnpack", "prim::TupleUnpack"})

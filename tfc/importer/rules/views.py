"""Rules for operators whose result may share memory with their operand: the importer follows these through in-place changes."""

from __future__ import annotations

from collections.abc import Callable

from tfc.importer.builder import AnyRule, Builder, Operand, Result, Rule, axis_of, builds
from tfc.ir.diagnostic import expect

RULES: dict[str, Rule] = {}


def rule(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(RULES, *targets)


@rule("aten.detach.default", "aten.detach_.default", "aten.alias.default", "aten.lift_fresh.default", "aten.contiguous.default", "aten.positive.default")
@rule("aten.to.dtype", "aten.to.dtype_layout", "aten.to.device", "aten.to.other", "aten.type_as.default")
def identity(build: Builder, self: Operand, **_: object) -> Operand:
    return self


@rule("aten.dropout.default", "aten.dropout_.default", "aten.feature_dropout.default", "aten.feature_dropout_.default", "aten.alpha_dropout.default")
def dropout(build: Builder, input: Operand | None = None, p: float = 0.5, train: bool = False, self: Operand | None = None) -> Operand:
    expect(not train, "this dropout is active: call model.eval() before the export")
    x = input or self
    assert x is not None
    return x


@rule("aten.view.default", "aten.reshape.default", "aten._unsafe_view.default", "aten.view_as.default", "aten.reshape_as.default")
@rule(
    "aten.flatten.using_ints",
    "aten.unflatten.int",
    "aten.unsqueeze.default",
    "aten.squeeze.default",
    "aten.squeeze.dim",
    "aten.squeeze.dims",
    "aten.ravel.default",
)
def reshape(build: Builder, self: Operand, **_: object) -> Operand:
    """All of these are told apart by the shape that the trace recorded."""
    return build.reshape(self, build.shape)


@rule("aten.permute.default")
def permute(build: Builder, self: Operand, dims: tuple[int, ...]) -> Operand:
    return build.transpose(self, tuple(axis_of(self, dim) for dim in dims))


@rule("aten.transpose.int", "aten.swapaxes.default", "aten.swapdims.default")
def transpose(build: Builder, self: Operand, dim0: int = 0, dim1: int = 0, axis0: int = 0, axis1: int = 0) -> Operand:
    """Overloads name the two axes differently; those not named are 0."""
    axes = list(range(len(self.type.shape)))
    first, second = axis_of(self, dim0 or axis0), axis_of(self, dim1 or axis1)
    axes[first], axes[second] = axes[second], axes[first]
    return build.transpose(self, tuple(axes))


@rule("aten.t.default", "aten.numpy_T.default")
def reversed_axes(build: Builder, self: Operand) -> Operand:
    return build.transpose(self, tuple(reversed(range(len(self.type.shape)))))


@rule("aten.mT.default", "aten.adjoint.default")
def transposed_matrix(build: Builder, self: Operand) -> Operand:
    return transpose(build, self, -1, -2)


@rule("aten.movedim.int", "aten.movedim.intlist")
def movedim(build: Builder, self: Operand, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> Operand:
    sources, destinations = ((places,) if isinstance(places, int) else places for places in (source, destination))
    moves = {axis_of(self, to): axis_of(self, at) for at, to in zip(sources, destinations, strict=True)}
    rest = iter(axis for axis in range(len(self.type.shape)) if axis not in moves.values())
    return build.transpose(self, tuple(moves[i] if i in moves else next(rest) for i in range(len(self.type.shape))))


@rule("aten.slice.Tensor")
def slice_(build: Builder, self: Operand, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Operand:
    axis = axis_of(self, dim)
    first, last, _ = slice(start, end).indices(self.type.shape[axis])
    return build.slice(self, axis, first, last, step)


@rule("aten.narrow.default")
def narrow(build: Builder, self: Operand, dim: int, start: int, length: int) -> Operand:
    axis = axis_of(self, dim)
    first = start % self.type.shape[axis]
    return build.slice(self, axis, first, first + length)


@rule("aten.select.int")
def select(build: Builder, self: Operand, dim: int, index: int) -> Operand:
    axis = axis_of(self, dim)
    first = index % self.type.shape[axis]
    return build.reshape(build.slice(self, axis, first, first + 1, part="slice"), build.shape)


@rule("aten.split.Tensor", "aten.split.sizes", "aten.split_with_sizes.default", "aten.chunk.default", "aten.tensor_split.sections")
@rule("aten.tensor_split.indices", "aten.unsafe_split.Tensor", "aten.unsafe_split_with_sizes.default", "aten.unsafe_chunk.default")
def split(build: Builder, self: Operand, dim: int = 0, **_: object) -> Result:
    """The recorded shapes say where one piece ends."""
    axis, start = axis_of(self, dim), 0
    pieces: list[Operand] = []
    for number, shape in enumerate(build.shapes):
        pieces.append(build.slice(self, axis, start, start + shape[axis], part=str(number)))
        start += shape[axis]
    return pieces


@rule("aten.unbind.int")
def unbind(build: Builder, self: Operand, dim: int = 0) -> Result:
    axis = axis_of(self, dim)
    slices = [build.slice(self, axis, i, i + 1, part=f"{i}.slice") for i in range(len(build.shapes))]
    return [build.reshape(piece, shape, str(i)) for i, (piece, shape) in enumerate(zip(slices, build.shapes, strict=True))]


@rule("aten.expand.default", "aten.expand_as.default")
def expand(build: Builder, self: Operand, **_: object) -> Operand:
    return build.broadcast(self, build.shape)


@rule("aten.unfold.default")
def sliding(build: Builder, self: Operand, dimension: int, size: int, step: int) -> Operand:
    """Windows along an axis; their elements become the last axis."""
    axis = axis_of(self, dimension)
    count, shape = build.shape[axis], self.type.shape
    expect(size == build.shape[-1], f"windows of {size} are {build.shape[-1]} long in the trace")
    taken = build.take(self, axis, [i * step + k for i in range(count) for k in range(size)], "taken")
    split = build.reshape(taken, (*shape[:axis], count, size, *shape[axis + 1 :]), "split")
    return build.transpose(split, (*(i for i in range(len(shape) + 1) if i != axis + 1), axis + 1))

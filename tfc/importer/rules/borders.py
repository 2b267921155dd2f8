"""Rules that choose, repeat and join elements: borders, joins, rolls, flips, indices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tfc.importer.builder import AnyRule, Builder, Constant, Operand, Rule, axis_of, builds
from tfc.ir.diagnostic import expect

RULES: dict[str, Rule] = {}

# torch's names of borders, and numpy's.
MIRRORED = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def rule(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(RULES, *targets)


@rule("aten.constant_pad_nd.default", "aten.pad.default")
def pad(build: Builder, self: Operand, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Operand:
    """torch counts from the last axis backwards: (before, after) of the last, then of the one before it. Negative numbers cut."""
    expect(len(pad) % 2 == 0 and len(pad) <= 2 * len(self.type.shape), f"padding {pad} does not fit {self.type.shape}")
    amounts = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)]
    amounts = [(0, 0)] * (len(self.type.shape) - len(amounts)) + amounts[::-1]
    if mode != "constant":
        return mirrored(build, self, amounts, mode)
    x = self
    for axis, (before, after) in enumerate(amounts):
        x = build.slice(x, axis, max(-before, 0), x.type.shape[axis] - max(-after, 0), part=f"cut{axis}")
    wide = tuple(max(n, 0) for pair in amounts for n in pair)
    return build.emit("pad", x, amounts=wide, value=float(value or 0.0)) if any(wide) else x


@rule("aten.reflection_pad1d.default", "aten.reflection_pad2d.default")
def reflection_pad(build: Builder, self: Operand, padding: tuple[int, ...]) -> Operand:
    return pad(build, self, padding, "reflect")


@rule("aten.replication_pad1d.default", "aten.replication_pad2d.default")
def replication_pad(build: Builder, self: Operand, padding: tuple[int, ...]) -> Operand:
    return pad(build, self, padding, "replicate")


def mirrored(build: Builder, x: Operand, amounts: list[tuple[int, int]], mode: str) -> Operand:
    """A border made of elements that are there."""
    expect(mode in MIRRORED and min(min(pair) for pair in amounts) >= 0, f"padding by {amounts} with mode '{mode}' is not supported")
    padded = [axis for axis, pair in enumerate(amounts) if any(pair)]
    for axis in padded:
        _expect_length(build, axis, x.type.shape[axis] + sum(amounts[axis]))
        kind: str = MIRRORED[mode]
        indices = np.pad(np.arange(x.type.shape[axis]), amounts[axis], kind)  # type: ignore[call-overload]
        x = build.take(x, axis, indices.tolist(), "" if axis == padded[-1] else f"axis{axis}")
    return x


@rule("aten.cat.default", "aten.concat.default", "aten.concatenate.default")
def cat(build: Builder, tensors: tuple[Operand, ...], dim: int = 0) -> Operand:
    axis = axis_of(tensors[-1], dim)
    filled = [x for x in tensors if x.type.size]  # torch joins an empty one to anything
    return build.emit("concat", *filled, axis=axis) if len(filled) > 1 else filled[0]


@rule("aten.stack.default")
def stack(build: Builder, tensors: tuple[Operand, ...], dim: int = 0) -> Operand:
    axis = dim % len(build.shape)
    shape = (*build.shape[:axis], 1, *build.shape[axis + 1 :])
    parts = tuple(build.reshape(x, shape, f"part{i}") for i, x in enumerate(tensors))
    return cat(build, parts, axis)


@rule("aten.repeat.default", "aten.tile.default")
def repeat(build: Builder, self: Operand, repeats: tuple[int, ...] = (), dims: tuple[int, ...] = ()) -> Operand:
    times = repeats or dims
    rank = max(len(times), len(self.type.shape))
    x = build.reshape(self, (1,) * (rank - len(self.type.shape)) + self.type.shape, "rank")
    times = (1,) * (rank - len(times)) + times
    x = build.broadcast(x, tuple(n * times[i] if n == 1 else n for i, n in enumerate(x.type.shape)), "expanded")
    for axis, n in enumerate(x.type.shape):
        if n != build.shape[axis]:
            _expect_length(build, axis, n * times[axis])
            x = build.take(x, axis, [*range(n)] * times[axis], f"axis{axis}")
    return x


def _expect_length(build: Builder, axis: int, length: int) -> None:
    """Before as many indices are written down."""
    expect(build.shape[axis] == length, f"axis {axis} has length {length}, and {build.shape[axis]} in the trace")


@rule("aten.repeat_interleave.self_int")
def repeat_interleave(build: Builder, self: Operand, repeats: int, dim: int | None = None, output_size: int | None = None) -> Operand:
    x, axis = _along(build, self, dim)
    _expect_length(build, axis, x.type.shape[axis] * repeats)
    return build.take(x, axis, [i for i in range(x.type.shape[axis]) for _ in range(repeats)])


@rule("aten.flip.default")
def flip(build: Builder, self: Operand, dims: tuple[int, ...]) -> Operand:
    x = self
    for dim in dims:
        axis = axis_of(x, dim)
        x = build.take(x, axis, [*range(x.type.shape[axis])][::-1], "" if dim == dims[-1] else f"axis{axis}")
    return x


@rule("aten.roll.default")
def roll(build: Builder, self: Operand, shifts: tuple[int, ...], dims: tuple[int, ...] = ()) -> Operand:
    """Without axes: of all elements in order."""
    if not dims:
        x, axis = _along(build, self, None)
        return build.reshape(build.take(x, axis, _rolled(x.type.size, shifts[0]), "rolled"), self.type.shape)
    x = self
    for dim, shift in zip(dims, shifts, strict=True):
        axis = axis_of(x, dim)
        x = build.take(x, axis, _rolled(x.type.shape[axis], shift), "" if dim == dims[-1] else f"axis{axis}")
    return x


def _rolled(count: int, shift: int) -> list[int]:
    return [(i - shift) % count for i in range(count)]


def _along(build: Builder, x: Operand, dim: int | None) -> tuple[Operand, int]:
    """x and an axis; all elements in one axis where none is named."""
    return (build.reshape(x, (x.type.size,), "flat"), 0) if dim is None else (x, axis_of(x, dim))


@rule("aten.index_select.default")
def index_select(build: Builder, self: Operand, dim: int, index: Operand) -> Operand:
    axis = axis_of(self, dim)
    return build.take(self, axis, known_indices(index, self.type.shape[axis]))


@rule("aten.embedding.default")
def embedding(build: Builder, weight: Operand, indices: Operand, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False) -> Operand:
    return build.reshape(build.take(weight, 0, known_indices(indices, weight.type.shape[0]), "rows"), build.shape)


@rule("aten.index.Tensor")
def index(build: Builder, self: Operand, indices: tuple[Operand | None, ...]) -> Operand:
    """Constant indices, along neighbouring axes if those of each vary along an axis of their own: rows × columns."""
    axes = [axis for axis, chosen in enumerate(indices) if chosen is not None]
    chosen = [item for item in indices if item is not None]
    rank = max(len(item.type.shape) for item in chosen)
    alone = len(axes) == 1 or (rank == len(axes) == axes[-1] - axes[0] + 1 and all(_varies_along(item, i, rank) for i, item in enumerate(chosen)))
    expect(alone, "indices of several axes that vary together are not supported")
    x = self
    for axis, item in zip(axes, chosen, strict=True):
        x = build.take(x, axis, known_indices(item, x.type.shape[axis]), f"axis{axis}")
    return build.reshape(x, build.shape)


def _varies_along(index: Operand, axis: int, rank: int) -> bool:
    wide = (1,) * (rank - len(index.type.shape)) + index.type.shape
    return all(n == 1 for i, n in enumerate(wide) if i != axis)


def known_indices(index: Operand, length: int) -> Sequence[int]:
    """The indices of a constant, from the front; a mask stands for those where it is True."""
    expect(isinstance(index, Constant), "indices that depend on the input are not supported")
    assert isinstance(index, Constant)
    flat = index.data.reshape(-1)
    chosen = np.flatnonzero(flat) if flat.dtype == bool else flat.astype(np.int64)
    expect(bool(((chosen >= -length) & (chosen < length)).all()) and chosen.size > 0, f"an index leaves the axis of length {length}, or nothing is taken")
    return [int(i) % length for i in chosen]


@rule("aten.clone.default", "aten.lift_fresh_copy.default", "aten._to_copy.default")
def copy(build: Builder, self: Operand, **_: object) -> Operand:
    return self


@rule("aten.copy.default", "aten.copy_.default")
def overwritten(build: Builder, self: Operand, src: Operand, non_blocking: bool = False) -> Operand:
    return build.broadcast(src, self.type.shape)

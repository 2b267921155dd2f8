"""Random float networks over all operators, for the roads to agree on."""

from collections.abc import Callable
from math import prod

import numpy as np

from tfc.ir.graph import Graph, Node
from tfc.ir.ops import OPS, POINTWISE
from tfc.ir.types import Symbol, f32

PARAMETERS = {"leaky_relu": (0.1,), "elu": (1.0,), "clip": (-0.7, 0.9)}
# Where floats blow up near 0 or far from it, integers have nothing sensible to agree with float about.
SMOOTH = [name for name in POINTWISE if name not in ("reciprocal", "rsqrt", "log", "exp", "square", "sqrt")]

Maker = Callable[["Growing", str], str | None]


class Growing:
    """A graph that grows by random operators; values are feature maps [1, H, W, C] or tokens [B, N, C]."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.graph = Graph(f"random{seed}")

    def pick(self, *choices: int) -> int:
        return int(self.rng.choice(choices))

    def shape(self, name: str) -> tuple[int, ...]:
        return self.graph[name].type.shape

    def argument(self) -> str:
        shape = (
            (1, self.pick(3, 4, 6, 8), self.pick(2, 4, 5), self.pick(1, 3, 4, 7, 8))
            if self.rng.random() < 0.7
            else (self.pick(1, 2), self.pick(1, 4, 6), self.pick(4, 6, 8))
        )
        return self.graph.add(Node(self.graph.fresh("x"), "arg", (), f32(*shape))).name

    def constant(self, *shape: int, low: float = -1.0, high: float = 1.0, zeros: float = 0.0) -> str:
        data = self.rng.uniform(low, high, shape).astype(np.float32)
        data[self.rng.random(shape) < zeros] = 0
        name = self.graph.fresh("k")
        self.graph.tensors[Symbol(name)] = data
        return self.graph.add(Node(name, "const", (), f32(*shape), {"data": Symbol(name)})).name

    def emit(self, op: str, *operands: str, **attrs: object) -> str:
        shape = OPS[op].shape([self.graph[name].type for name in operands], attrs, ())
        return self.graph.add(Node(self.graph.fresh(op), op, operands, f32(*shape), attrs)).name

    def grow(self, steps: int) -> Graph:
        """Each step applies a random operator that fits a random value; the ends are the results."""
        values = [self.argument() for _ in range(self.pick(1, 2))]
        for _ in range(steps):
            x = str(self.rng.choice(values))
            makers = [maker for rank, maker in MAKERS if rank in (None, len(self.shape(x)))]
            made = makers[self.rng.integers(len(makers))](self, x)
            if made is not None and prod(self.shape(made)) <= 4096:
                values.append(made)
        self.graph.results = tuple(name for name in values if not self.graph.users(name) and self.graph[name].op != "arg") or (values[-1],)
        return self.graph


MAKERS: list[tuple[int | None, Maker]] = []


def makes(rank: int | None) -> Callable[[Maker], Maker]:
    """Enter a maker for values of so many axes."""

    def enter(maker: Maker) -> Maker:
        MAKERS.append((rank, maker))
        return maker

    return enter


@makes(4)
def conv2d(g: Growing, x: str) -> str | None:
    _, h, w, c = g.shape(x)
    kernel = g.pick(1, 3, 5, 7)
    pad = kernel // 2
    if min(h, w) + 2 * pad < kernel:
        return None
    groups = c if g.rng.random() < 0.25 else 1
    out = c if groups > 1 else g.pick(1, 2, 5, 8)
    weights = g.constant(out, kernel, kernel, c // groups, zeros=float(g.rng.choice([0, 0, 0.5, 0.9])))
    made = g.emit("conv2d", x, weights, g.constant(out), stride=(g.pick(1, 1, 2),) * 2, pad=(pad,) * 4, groups=groups)
    return act(g, made) if g.rng.random() < 0.5 else made


@makes(4)
def inverted_residual(g: Growing, x: str) -> str:
    """Wider, depthwise, back to the input's width: three maps that can be computed by rows."""
    c = g.shape(x)[3]
    wide = g.emit("relu6", g.emit("conv2d", x, g.constant(2 * c, 1, 1, c), g.constant(2 * c)))
    weights = g.constant(2 * c, 3, 3, 1, zeros=float(g.rng.choice([0, 0.5])))
    mixed = g.emit("conv2d", wide, weights, g.constant(2 * c), pad=(1,) * 4, groups=2 * c)
    return g.emit("add", x, g.emit("conv2d", mixed, g.constant(c, 1, 1, 2 * c), g.constant(c)))


@makes(4)
def conv_transpose2d(g: Growing, x: str) -> str:
    return g.emit("conv_transpose2d", x, g.constant(3, 2, 2, g.shape(x)[3]), g.constant(3), stride=(2, 2))


@makes(None)
def linear(g: Growing, x: str) -> str | None:
    out = g.pick(1, 4, 6, 9)
    made = g.emit("linear", x, g.constant(out, g.shape(x)[-1], zeros=float(g.rng.choice([0, 0.75]))), g.constant(out))
    return act(g, made) if g.rng.random() < 0.4 else made


@makes(None)
def residual(g: Growing, x: str) -> str:
    c = g.shape(x)[-1]
    return g.emit("add", x, g.emit("linear", x, g.constant(c, c), g.constant(c)))


@makes(None)
def act(g: Growing, x: str) -> str:
    name = str(g.rng.choice(SMOOTH))
    return g.emit(name, x, **({"parameters": PARAMETERS[name]} if name in PARAMETERS else {}))


@makes(None)
def layer_norm(g: Growing, x: str) -> str | None:
    c = g.shape(x)[-1]
    return None if c < 4 else g.emit("layer_norm", x, g.constant(c, low=0.5, high=1.5), g.constant(c))


@makes(None)
def rms_norm(g: Growing, x: str) -> str:
    return g.emit("rms_norm", x, g.constant(g.shape(x)[-1], low=0.5, high=1.5))


@makes(4)
def group_norm(g: Growing, x: str) -> str:
    c = g.shape(x)[3]
    return g.emit("group_norm", x, g.constant(c, low=0.5, high=1.5), g.constant(c), groups=2 if c % 2 == 0 else 1, axis=3)


@makes(4)
def batch_norm(g: Growing, x: str) -> str:
    c = g.shape(x)[3]
    return g.emit("batch_norm", x, g.constant(c), g.constant(c), g.constant(c), g.constant(c, low=0.5, high=2.0), axis=3)


@makes(None)
def softmax(g: Growing, x: str) -> str:
    return g.emit(str(g.rng.choice(["softmax", "log_softmax"])), x)


@makes(3)
def attention(g: Growing, x: str) -> str | None:
    c = g.shape(x)[2]
    if c % 2:
        return None
    wide, heads = c * g.pick(1, 1, 2), g.pick(1, 2)
    q, k, v = (g.emit("linear", x, g.constant(out, c), g.constant(out)) for out in (c, c, wide))
    return g.emit("attention", q, k, v, *bias(g, (g.shape(x)[0], heads, g.shape(x)[1], g.shape(x)[1])), heads=heads, scale=0.5)


def bias(g: Growing, scores: tuple[int, ...]) -> list[str]:
    """Nothing, or a constant that broadcasts to scores [batch, heads, queries, keys]: small, large, or a mask that hides no key from itself."""
    kind = g.pick(0, 0, 1, 2, 3)
    if kind == 0:
        return []
    shape = tuple(n if axis == 3 or g.rng.random() < 0.7 else 1 for axis, n in enumerate(scores))
    name = g.constant(*shape, low=-9.0 if kind == 2 else -1.0, high=9.0 if kind == 2 else 1.0)
    if kind == 3:
        hidden = g.rng.random(shape) < 0.4
        hidden[..., g.rng.integers(shape[3])] = False
        g.graph.tensors[Symbol(name)][hidden] = -np.inf
    return [name]


@makes(4)
def attention_on_patches(g: Growing, x: str) -> str | None:
    _, h, w, c = g.shape(x)
    if h % 2 or w % 2:
        return None
    tokens = g.emit("unfold", x, patch=(2, 2))
    mixed = g.emit(
        "attention", tokens, tokens, g.emit("linear", tokens, g.constant(c, c), g.constant(c)), *bias(g, (1, 1, h * w // 4, h * w // 4)), heads=1, scale=0.3
    )
    return g.emit("fold", mixed, patch=(2, 2), size=(h, w))


@makes(3)
def matmul(g: Growing, x: str) -> str:
    return g.emit("matmul", x, g.emit("transpose", x, axes=(0, 2, 1)))


@makes(None)
def elementwise(g: Growing, x: str) -> str:
    op = str(g.rng.choice(["add", "sub", "mul"]))
    other = g.constant(g.shape(x)[-1]) if g.rng.random() < 0.5 else g.emit("tanh", x)
    return g.emit(op, x, other)


@makes(None)
def scaled(g: Growing, x: str) -> str:
    return g.emit(str(g.rng.choice(["mul", "div", "add", "sub"])), x, g.constant(low=0.3, high=2.0))


@makes(4)
def pooled(g: Growing, x: str) -> str | None:
    _, h, w, _ = g.shape(x)
    if min(h, w) < 2:
        return None
    op = str(g.rng.choice(["avg_pool2d", "max_pool2d"]))
    return g.emit(op, x, window=(2, 2), stride=(g.pick(1, 2),) * 2, pad=(g.pick(0, 1), 0, 0, 1))


@makes(4)
def averaged(g: Growing, x: str) -> str:
    return g.emit("mean", x, axes=(1, 2), keepdims=True)


@makes(4)
def resized(g: Growing, x: str) -> str:
    return g.emit(str(g.rng.choice(["resize_nearest", "resize_bilinear"])), x, size=(g.pick(3, 8), g.pick(2, 5)))


@makes(None)
def concatenated(g: Growing, x: str) -> str:
    """With something of another scale, or of the same one: then no value has to change."""
    axis = int(g.rng.integers(1, len(g.shape(x))))
    order = tuple(int(i) for i in g.rng.permutation(g.shape(x)[axis]))
    other = g.emit("sigmoid", x) if g.rng.random() < 0.5 else g.emit("take", x, axis=axis, indices=order)
    return g.emit("concat", x, other, axis=axis)


@makes(None)
def cut(g: Growing, x: str) -> str | None:
    axis = int(g.rng.integers(1, len(g.shape(x))))
    n = g.shape(x)[axis]
    start = int(g.rng.integers(n))
    return None if n < 2 else g.emit("slice", x, axis=axis, start=start, stop=int(g.rng.integers(start, n)) + 1, step=g.pick(1, 1, 2))


@makes(None)
def taken(g: Growing, x: str) -> str:
    axis = int(g.rng.integers(1, len(g.shape(x))))
    return g.emit("take", x, axis=axis, indices=tuple(int(i) for i in g.rng.integers(0, g.shape(x)[axis], g.pick(2, 5))))


@makes(4)
def bordered(g: Growing, x: str) -> str:
    return g.emit("pad", x, amounts=(0, 0, 1, 0, 2, 1, 0, 0))


@makes(4)
def turned(g: Growing, x: str) -> str:
    turned = g.emit("transpose", x, axes=(0, 2, 1, 3))
    return g.emit("reshape", g.emit("abs", turned), shape=g.shape(x))


@makes(4)
def spread(g: Growing, x: str) -> str:
    _, h, w, c = g.shape(x)
    return g.emit("expand", g.emit("mean", x, axes=(1, 2), keepdims=True), shape=(1, h, w, c))


def union(name: str, graphs: list[Graph]) -> Graph:
    """Several networks side by side in one, each value under `g<number>.`."""
    whole = Graph(name)
    results: list[str] = []
    for index, graph in enumerate(graphs):
        new = {node.name: f"g{index}.{node.name}" for node in graph}
        for node in graph:
            attrs = {**node.attrs, "data": Symbol(new[node.attrs["data"]])} if node.op == "const" else node.attrs
            whole.add(Node(new[node.name], node.op, tuple(new[x] for x in node.operands), node.type, attrs))
        whole.tensors.update({Symbol(new[symbol]): tensor for symbol, tensor in graph.tensors.items()})
        results += [new[result] for result in graph.results]
    whole.results = tuple(results)
    return whole

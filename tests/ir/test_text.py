"""What prints parses back to the equal graph."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node, Place, Scratch, Source, View
from tfc.ir.text import parse_graph, print_graph, print_node
from tfc.ir.types import DTYPES, Quantization, Symbol, TensorType
from tfc.ir.weights import load_graph, save_graph

TEXT = """\
tfir 1
graph @net {
  %x = arg : i8[1, 32, 32, 3] q(0.0078, -3)
  %w = const {data = @stem.weight, format = "block1x4"} : i8[16, 3, 3, 3] q(@stem.scale, 0, axis = 0)
  %b = const {data = @b} : i32[16]
  %c = conv2d %x, %w, %b {activation = @silu, range = [-1.5, 2e-05]} : i8[1, 8] q(0.031, 5) scratch(64 at dtcm+0x0100) at dtcm+0x0400 loc("a", "b")
  %r = reshape %c {shape = [4096]} : i8[4096] q(0.031, 5) layout(chw) at %c+0x0
  return %c, %r
}
"""

names = st.from_regex(r"[A-Za-z0-9_.]{1,8}", fullmatch=True)
scalars = st.one_of(st.integers(-(2**40), 2**40), st.floats(allow_nan=False), st.booleans(), st.text(max_size=8), names.map(Symbol))
quantizations = st.builds(Quantization, st.one_of(st.floats(1e-12, 1e12), names.map(Symbol)), st.integers(-128, 127), st.one_of(st.none(), st.integers(0, 3)))
types = st.builds(
    TensorType,
    st.sampled_from(sorted(DTYPES)),
    st.lists(st.integers(0, 512), max_size=5).map(tuple),
    st.one_of(st.none(), quantizations),
    st.one_of(st.none(), st.just("chw")),
)
places = st.builds(Place, st.sampled_from(["dtcm", "sram"]), st.integers(0, 2**20))
attributes = st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.one_of(scalars, st.lists(scalars, max_size=3).map(tuple)), max_size=3)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    graph = Graph(draw(names))
    for name in draw(st.lists(names, min_size=1, max_size=6, unique=True)):
        made = [node.name for node in graph]
        place = draw(st.one_of(st.none(), places, st.builds(View, st.sampled_from(made), st.integers(0, 99)) if made else st.none()))
        operands = tuple(draw(st.lists(st.sampled_from(made), max_size=3))) if made else ()
        scratch = draw(st.one_of(st.none(), st.builds(Scratch, st.integers(0, 9999), st.one_of(st.none(), places))))
        source = draw(st.one_of(st.none(), st.builds(Source, st.text(max_size=5), st.text(max_size=5))))
        graph.add(Node(name, draw(st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True)), operands, draw(types), draw(attributes), place, scratch, source))
    graph.results = tuple(draw(st.lists(st.sampled_from([node.name for node in graph]), max_size=3)))
    return graph


def test_the_text_of_the_design_round_trips() -> None:
    graph = parse_graph(TEXT)
    assert print_graph(graph) == TEXT
    assert graph["c"].source == Source("a", "b")
    assert graph["c"].scratch == Scratch(64, Place("dtcm", 0x100))


@given(graphs())
def test_printed_graphs_parse_to_equal_graphs(graph: Graph) -> None:
    text = print_graph(graph)
    parsed = parse_graph(text)
    assert parsed == graph
    assert print_graph(parsed) == text
    assert [node.source for node in parsed] == [node.source for node in graph]


def test_the_source_does_not_count_for_equality() -> None:
    assert parse_graph(TEXT) == parse_graph(TEXT.replace('"b"', '"c"'))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "not the text of a graph"),
        ("tfir 2\ngraph @a { return }", "format version 2"),
        ("tfir 1\ngraph @a { %x = relu %y : f32[1] return }", "%y is read before it is made"),
        ("tfir 1\ngraph @a { %x = arg : f32[1] %x = arg : f32[1] return }", "made twice"),
        ("tfir 1\ngraph @a { %x = arg : f33[1] return }", "no element type 'f33'"),
        ("tfir 1\ngraph @a { return %x }", "no value %x"),
    ],
)
def test_text_that_is_refused(text: str, message: str) -> None:
    with pytest.raises(Diagnostic, match=message):
        parse_graph(text)


def test_files_hold_text_and_tensors(tmp_path) -> None:
    graph = parse_graph("tfir 1\ngraph @a { %w = const {data = @w.x} : f32[2] return %w }", {Symbol("w.x"): np.array([1.5, -2], np.float32)})
    save_graph(graph, tmp_path / "a.tfir")
    first = (tmp_path / "a.npz").read_bytes()
    assert load_graph(tmp_path / "a.tfir") == graph
    save_graph(graph, tmp_path / "a.tfir")
    assert (tmp_path / "a.npz").read_bytes() == first


def test_pickled_arrays_are_refused(tmp_path) -> None:
    (tmp_path / "a.tfir").write_text("tfir 1\ngraph @a { return }")
    np.savez(tmp_path / "a.npz", w=np.array([{}], dtype=object))
    with pytest.raises(Diagnostic, match="no plain arrays"):
        load_graph(tmp_path / "a.tfir")


def test_a_node_prints_on_one_line() -> None:
    assert print_node(Node("y", "relu", ("x",), TensorType("f32", (1, 2)))) == "%y = relu %x : f32[1, 2]"

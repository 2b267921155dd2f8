"""memory.svg: every buffer is a rectangle where and when it lives, and no two of them overlap."""

from itertools import combinations
from xml.etree import ElementTree

from tfc.backends.target import load_target
from tfc.compiled import Compiled
from tfc.drawing import draw_memory, shortened
from tfc.ir.graph import Graph, Node
from tfc.ir.types import Quantization, TensorType
from tfc.passes.lifetimes import buffers
from tfc.passes.pipeline import run_pipeline

SVG = "{http://www.w3.org/2000/svg}"


def boxes(drawing: str) -> dict[str, tuple[float, float, float, float]]:
    """Left, top, right and bottom of each rectangle, by the name that its title begins with."""
    found = {}
    for group in ElementTree.fromstring(drawing).iter(f"{SVG}g"):
        x, y, width, height = (float(group.find(f"{SVG}rect").attrib[key]) for key in ("x", "y", "width", "height"))
        found[group.find(f"{SVG}title").text.partition(":")[0]] = x, y, x + width, y + height
    return found


def test_the_picture_is_the_plan(compiled: Compiled) -> None:
    drawing = (compiled.folder / "memory.svg").read_text(encoding="utf-8")
    assert drawing == draw_memory(compiled.graph, compiled.target)
    assert drawing in (compiled.folder / "report.html").read_text(encoding="utf-8")
    found, items = boxes(drawing), {f"%{item.name}": item for item in buffers(compiled.graph)}
    assert found.keys() == items.keys()
    rounding = 0.11
    for (_, one), (_, other) in combinations(found.items(), 2):
        assert one[2] <= other[0] + rounding or other[2] <= one[0] + rounding or one[3] <= other[1] + rounding or other[3] <= one[1] + rounding
    _, top, _, bottom = found[max(items, key=lambda name: items[name].bytes)]
    scale = (bottom - top) / max(item.bytes for item in items.values())
    assert all(abs(bottom - top - scale * items[name].bytes) < 2 * rounding for name, (_, top, _, bottom) in found.items())
    assert f"peak: {compiled.report['ram']['lower_bound_bytes']:,} bytes alive" in drawing


def test_names_are_text_and_what_lies_inside_is_named() -> None:
    row = TensorType("i8", (1, 8), Quantization(1.0, 0))
    graph = Graph("a<b", [Node("x", "arg", (), row), Node("y", "abs", ("x",), row)])
    graph.add(Node("z", "reshape", ("y",), TensorType("i8", (8,), row.quantization), {"shape": (8,)}))
    graph.results = ("z",)
    target = load_target("stm32f746")
    drawing = draw_memory(run_pipeline(graph, target, "choose-kernels,plan-memory"), target)
    texts = [element.text for element in ElementTree.fromstring(drawing).iter()]
    assert "a<b on stm32f746" in texts
    assert "%y: 8 bytes at dtcm+0x0000\nfrom %y to %y, 1 of 1 steps\nwith %z" in texts, "over %x, which nobody reads afterwards"
    assert shortened("stage1.0.attention.matmul.1.out") == "…e1.0.attention.matmul.1.out"

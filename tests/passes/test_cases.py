"""Passes by example: a text, and the text that it becomes or the message that refuses it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tfc.backends.target import load_target
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.text import parse_graph, print_graph
from tfc.ir.types import Symbol
from tfc.ir.verify import verify
from tfc.passes.pipeline import PASSES, run_pipeline

CASES = Path(__file__).with_name("cases")


@dataclass(frozen=True)
class Case:
    passes: str
    title: str
    before: str
    after: str | None
    message: str | None


def cases() -> Iterator[Case]:
    """A file a pass (or a pipeline); `=== title` opens a case, `// becomes` or `// is refused: message` follows its graph."""
    for path in sorted(CASES.glob("*.tfir")):
        for block in path.read_text(encoding="utf-8").split("=== ")[1:]:
            title, body = block.split("\n", 1)
            if match := re.search(r"^// is refused: (.*)$", body, re.M):
                yield Case(path.stem, title, body[: match.start()], None, match[1])
            else:
                before, after = body.split("// becomes\n")
                yield Case(path.stem, title, before, after, None)


def graph_of(text: str):
    """The graph of a case; `// @name = [1, 2]` above it is a tensor beside the text."""
    tensors = {Symbol(name): np.asarray(json.loads(values), np.float32) for name, values in re.findall(r"^// @(\S+) = (.*)$", text, re.M)}
    return parse_graph("tfir 1\n" + text, tensors)


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: f"{case.passes}: {case.title}")
def test_case(case: Case) -> None:
    target = load_target("stm32f746")
    graph = graph_of(case.before)
    verify(graph)
    if case.message is not None:
        with pytest.raises(Diagnostic, match=re.escape(case.message)):
            run_pipeline(graph, target, case.passes)
        return
    assert case.after is not None
    result = run_pipeline(graph, target, case.passes)
    after = graph_of(case.after)
    assert print_graph(result) == print_graph(after)
    for name, tensor in after.tensors.items():
        np.testing.assert_allclose(result.tensors[name], tensor, rtol=1e-6)
    assert print_graph(graph) == print_graph(graph_of(case.before)), "a pass must leave its argument alone"


def test_every_rewriting_pass_has_cases() -> None:
    on_data = {"fold_constants", "fold_batch_norm", "calibrate", "choose_layouts", "choose_kernels", "plan_memory", "equalize"}  # these need tensors or data
    assert {function.__name__ for function in PASSES} - on_data == {re.split("[,{]", case.passes)[0] for case in cases()}

"""Search spaces: their description, their paths, and that the compiler takes every network of them."""

import random

import numpy as np
import pytest
import torch
from torch import nn

import tfc
from tfc.backends.target import load_target
from tfc.data import quantize_inputs, random_inputs
from tfc.importer.model import import_model
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import evaluate
from tfc.nas.pruning import Pruner
from tfc.nas.space import load_space
from tfc.passes.calibrate import calibrate_on
from tfc.passes.pipeline import FLOAT, INTEGER, run_pipeline

TEXT = """
name = "tiny"
input = [3, 16, 16]
classes = 5
resolution = [12, 16]
[stem]
width = [8]
kernel = 3
stride = [2, 1]
[body]
kind = ["plain", "inverted", "mobilevit"]
width = [8, 12]
depth = [1, 2]
kernel = [3, 5]
stride = [2, 1]
expansion = [1, 2]
tokens = [8, 16]
heads = [2, 4]
[head]
width = [16]
"""


@pytest.fixture
def space(tmp_path):
    return read(tmp_path, TEXT)


def read(folder, text):
    (folder / "space.toml").write_text(text)
    return load_space(folder / "space.toml")


def test_what_is_written_is_read(tmp_path, space):
    assert read(tmp_path, space.text()) == space
    assert space.parts == ("stem", "body", "head")
    assert space.choices["stem.kernel"] == (3,), "a single value needs no array"
    assert space.size == 2 * 2 * 3 * 2**7


def test_equal_networks_have_equal_paths(space):
    plain = space.smallest_of({"body.kind": "plain"})
    assert space.canonical(plain | {"body.tokens": 16, "body.expansion": 2}) == plain
    assert space.canonical(plain | {"body.kind": "mobilevit", "body.tokens": 16})["body.tokens"] == 16
    draw = random.Random(0)
    for path in (space.sample(draw) for _ in range(50)):
        assert list(path) == list(space.choices)
        assert space.canonical(path) == path


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ({"body.size": 3}, r"space tiny has no choice 'body.size'\n  help: its choices: resolution, stem.width"),
        ({"body.width": 9}, r"'body.width' cannot be 9 in space tiny\n  help: choose of 8, 12"),
        ({}, r"the path has no value for 'body.kind'\n  help: choose of plain, inverted, mobilevit"),
    ],
)
def test_wrong_paths_are_explained(space, path, message):
    whole = space.largest
    if not path:
        del whole["body.kind"]
    with pytest.raises(Diagnostic, match=message):
        space.build(whole | path)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("classes = 5", "classes = 1", "'classes' is 1"),
        ("classes = 5", "clases = 5", "a search space has no 'clases'\n.*\n  help: it takes name, input, classes, resolution"),
        ("input = [3, 16, 16]", "input = [3, 16]", r"'input' is \[3, 16\]"),
        ("[stem]\n", "[begin]\n", r"the parts are begin, body, head"),
        ("depth = [1, 2]", "depths = [1, 2]", r"\[body\] has no 'depths'"),
        ("depth = [1, 2]\n", "", r"\[body\] lacks 'depth'\n.*\n  help: it takes kind, width, depth"),
        ("depth = [1, 2]", "depth = [2, 1]", r"'body.depth' is \[2, 1\]\n.*\n  help: values stand .*: rising"),
        ("depth = [1, 2]", "depth = [0, 1]", r"'body.depth' has 0"),
        ("depth = [1, 2]", 'depth = "deep"', r"'body.depth' is 'deep'\n.*\n  help: give an array of whole numbers"),
        ("kernel = [3, 5]", "kernel = [3, 4]", r"'body.kernel' has 4"),
        ("heads = [2, 4]", "heads = [2, 3]", r"'body.heads' has 3, which does not divide 8 of 'body.tokens'"),
        ("stride = [2, 1]", "stride = [1, 2]", r"'stem.stride' is \[1, 2\]\n.*\n.*the largest stride first"),
        ('"mobilevit"]', '"swin"]', r"'body.kind' cannot be 'swin'\n.*\n  help: the kinds of stages are plain, inverted, mobilevit"),
        ("[head]", "[head", "cannot be read as a search space"),
    ],
)
def test_wrong_descriptions_are_explained(tmp_path, before, after, message):
    with pytest.raises(Diagnostic, match=message) as error:
        read(tmp_path, TEXT.replace(before, after))
    assert "space.toml" in str(error.value)


def test_a_supernet_keeps_some_values(tmp_path, space):
    kept = space.restrict({"body.kind": ["mobilevit", "plain"], "body.depth": [2]})
    assert kept.choices["body.kind"] == ("plain", "mobilevit"), "in the order of the space"
    assert kept.choices["body.depth"] == (2,)
    assert kept.choices["body.width"] == space.choices["body.width"]
    plain = space.restrict({"body.kind": ["plain"]})
    assert "body.tokens" not in plain.choices, "no kind that is left has tokens"
    assert read(tmp_path, plain.text()) == plain
    with pytest.raises(Diagnostic, match=r"'body.depth' cannot be 7"):
        space.restrict({"body.depth": [7]})
    with pytest.raises(Diagnostic, match=r"'body.depth' keeps no value"):
        space.restrict({"body.depth": []})


def test_every_network_takes_its_shape_and_its_layers_can_be_pruned(space):
    draw = random.Random(1)
    for path in (space.sample(draw) for _ in range(20)):
        model = space.build(path)
        assert model.eval()(torch.zeros(space.shape(path))).shape == (1, 5)
        layers = space.layers(path)
        Pruner(model, dict.fromkeys(layers, ((1, 4), 0.5)))
        others = {name for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d | nn.Linear)} - set(layers)
        assert others <= {"body.stem.0", "classifier", *(f"body.body.{i}.depthwise.0" for i in range(2))}


def test_the_compiler_takes_every_network(space, tmp_path):
    """A dozen random paths, from torch.export to a planned int8 graph; two of them as firmware that computes the same."""
    draw, chip = random.Random(2), load_target("stm32f746")
    kinds = set()
    for i in range(12):
        torch.manual_seed(i)
        path = space.sample(draw)
        kinds.add(path["body.kind"])
        example = (torch.zeros(space.shape(path)),)
        model = space.build(path).eval()
        if i < 2:
            compiled = tfc.compile(model, example, target="stm32f746", calib="random", output=tmp_path / str(i))
            assert compiled.report["fits"]
            assert compiled.verify(1).mismatches == {"host": 0, "emulator": 0}
            continue
        torch.export.save(torch.export.export(model, example), tmp_path / "model.pt2")
        imported = import_model(tmp_path / "model.pt2")
        samples = random_inputs(imported)
        graph = run_pipeline(calibrate_on(run_pipeline(imported, chip, FLOAT), samples), chip, INTEGER)
        (logits,) = evaluate(graph, [x[0] for x in quantize_inputs(graph, samples)])
        assert logits.shape == (1, 5)
        assert logits.dtype == np.int8
        assert not list(graph.of_op("relu", "silu", "batch_norm", "softmax")), "all of them are parts of kernels"
    assert kinds == {"plain", "inverted", "mobilevit"}

"""A winner is trained on, exported, and compiled to what was measured; the presets are complete."""

import dataclasses

import pytest
import torch

import tfc
from tfc.data import quantize_inputs
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import evaluate_batch
from tfc.nas import presets
from tfc.nas.candidates import Candidate
from tfc.nas.dataset import Dataset, Split
from tfc.nas.finetuning import finetune
from tfc.nas.presets import preset
from tfc.nas.supernet import Supernet


@pytest.fixture(scope="module")
def digits() -> presets.Preset:
    return preset("digits")


def test_the_digits_are_parted_in_their_order(digits):
    data = digits.load(None)
    assert [tuple(split.x.shape) for split in (data.train, data.validation, data.test)] == [(1000, 1, 8, 8), (400, 1, 8, 8), (397, 1, 8, 8)]
    assert data.train.x.dtype == torch.uint8
    assert int(data.train.x.max()) == 255
    assert data.train.y[:10].tolist() == list(range(10))


def test_a_winner_is_what_its_archive_computes(digits, tmp_path):
    space, whole = digits.space, digits.load(None)
    data = Dataset(whole.train.first(256), whole.validation.first(100), whole.test.first(100))
    path = space.largest_of({"stage2.kind": "mobilevit", "stage1.stride": 2})
    candidate = Candidate(path, dict.fromkeys(space.layers(path)[:6], ((2, 4), 0.5)))
    torch.manual_seed(0)
    supernet = Supernet(space)
    prune, quantize = (dataclasses.replace(recipe, epochs=1) for recipe in (digits.prune, digits.quantize))
    winner = finetune(supernet, candidate, data, prune, quantize, tmp_path)
    assert finetune(supernet, candidate, data, prune, quantize, tmp_path) == winner, "what is finished is read"
    with pytest.raises(Diagnostic, match="holds the training of another candidate"):
        finetune(supernet, Candidate(path, {}), data, prune, quantize, tmp_path)
    compiled = tfc.compile(winner.archive, target="stm32f746", output=tmp_path / "out")  # brings its scales: no samples are needed
    integers = quantize_inputs(compiled.graph, [(data.test.x.float() / 255).numpy()[:, None]])
    logits = compiled.to_float(evaluate_batch(compiled.graph, integers))[0][:, 0]
    right = int((torch.from_numpy(logits.argmax(1)) == data.test.y).sum())
    assert right == pytest.approx(winner.test, abs=3), "of a hundred images"
    assert compiled.verify(1).mismatches == {"host": 0, "emulator": 0}


@pytest.mark.parametrize("name", presets.PRESETS)
def test_presets_have_what_a_search_needs(name):
    each = preset(name)
    assert each.space.name == name
    assert each.supernet.distill == 0, "a supernet teaches itself"
    assert each.prune.distill > 0


def test_missing_presets_and_images_are_explained():
    with pytest.raises(Diagnostic, match=r"there is no preset mnist\n  help: the presets are digits, cifar10"):
        preset("mnist")
    with pytest.raises(Diagnostic, match=r"CIFAR-10 does not come with tfc\n  help: --data DIR"):
        preset("cifar10").load(None)


def test_images_are_resized_as_a_camera_would_give_them():
    x = torch.zeros(1, 1, 8, 8, dtype=torch.uint8)
    x[..., :4] = 200
    small = Split(x, torch.zeros(1, dtype=torch.int64)).at(4)
    assert small.x.dtype == torch.uint8
    assert small.x[0, 0, 0].tolist()[::3] == [200, 0]

"""Estimates: what the compiler would plan, to the byte, and what the emulated chip would take, within the error bar."""

import pickle
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

import tfc
from tfc.backends.target import load_target
from tfc.estimator import BORROWED, Estimate
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.weights import load_graph
from tfc.nas.pruning import block_mask
from tfc.session import Session
from tfc.sparsity import Sparsity, by_layer, random_weights, read_sparsities


def network(width: int = 16, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2 * width, 10))
    body = nn.Sequential(nn.Conv2d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2 * width, 2 * width, 1), nn.SiLU())
    return nn.Sequential(nn.Conv2d(3, width, 3, stride=2, padding=1), nn.BatchNorm2d(width), nn.SiLU(), *body, *head).eval()


ROOT = Path(__file__).parents[2]
EXAMPLE = (torch.zeros(1, 3, 32, 32),)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tfc.compiled.Compiled:  # type: ignore[name-defined]
    return tfc.compile(network(), EXAMPLE, calib="random", output=tmp_path_factory.mktemp("compiled") / "net")


def test_an_estimate_is_what_the_compiler_makes(compiled) -> None:
    found, report = tfc.estimate(network(), EXAMPLE), compiled.report
    assert (found.arena_bytes, found.ram_bytes) == (report["ram"]["arena_bytes"], report["ram"]["total_bytes"])
    assert abs(found.flash_bytes / report["flash"]["total_bytes"] - 1) < 0.01
    assert [(node.name, node.kernel) for node in found.nodes] == [(node["name"], node["kernel"]) for node in report["nodes"] if node["kernel"]]
    assert found.fits


def test_cycles_are_those_of_the_emulated_chip(compiled) -> None:
    found = tfc.estimate(network(), EXAMPLE)
    _, run = compiled.emulate([x[0] for x in compiled.golden("inputs")], timing="full")
    assert abs(found.cycles / run.profile.cycles - 1) < found.error_percent / 100 < 0.15


def test_a_folder_and_its_graph_are_estimated_as_they_are(compiled) -> None:
    folder, graph = (tfc.estimate(model) for model in (compiled.folder, load_graph(compiled.folder / "model.tfir")))
    assert folder == graph
    assert folder.arena_bytes == compiled.report["ram"]["arena_bytes"]


def test_an_estimate_survives_pickling_and_prints_as_a_report(compiled) -> None:
    found = tfc.estimate(network(), EXAMPLE)
    assert pickle.loads(pickle.dumps(found)) == found
    assert set(compiled.report["ram"]) - set(found.as_json()["ram"]) == {"order_bound_bytes", "order_optimal"}
    assert found.as_json()["latency"]["source"] == "estimate"


def test_density_alone_is_almost_as_good_as_masks() -> None:
    """Flash within 5 % of that of the same network with weights that are pruned so."""
    pruned = network()
    layer = pruned[3]
    with torch.no_grad():
        blocks = layer.weight.shape[0] * layer.weight.shape[1] // 8 * 9
        layer.weight *= block_mask(layer.weight, (2, 4), round(0.8 * blocks))
    session = Session()
    masks = session.estimate(pruned, EXAMPLE)
    density = session.estimate(network(), EXAMPLE, sparsity={"3": Sparsity((2, 4), 0.2)})
    assert masks.nodes[1].kernel == density.nodes[1].kernel
    assert "sparse" in masks.nodes[1].kernel
    assert abs(density.flash_bytes / masks.flash_bytes - 1) < 0.05
    assert density.arena_bytes == masks.arena_bytes
    assert abs(density.cycles / masks.cycles - 1) < 0.05


def test_a_session_finds_the_same_again_and_what_a_fresh_one_finds() -> None:
    session = Session()
    known = session.prepared(network(), EXAMPLE)
    first = [session.estimate(known, sparsity=f"block=2x4,density={density}") for density in (0.5, 0.2, 0.5)]
    assert first[0] == first[2] != first[1]
    assert first[1] == Session().estimate(network(), EXAMPLE, sparsity="block=2x4,density=0.2")
    assert session.estimate(known) == tfc.estimate(network(), EXAMPLE)


def test_the_quick_way_is_the_thorough_one() -> None:
    session = Session()
    known = session.prepared(ROOT / "tfc" / "zoo" / "hybrid_small.pt2")
    known.graph.tensors = known.own
    assert session.quick(known) == session.thorough(known.graph)


def test_what_does_not_fit_says_so_and_rows_are_tried() -> None:
    wide = nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(4)).eval()
    images = (torch.zeros(1, 3, 64, 64),)
    roomy, tight = tfc.estimate(wide, images), tfc.estimate(wide, images, options=tfc.Options(ram=100 * 1024))
    assert roomy.ram_bytes > 100 * 1024 >= tight.ram_bytes
    assert tight.fits
    assert not tfc.estimate(wide, images, options=tfc.Options(ram=8 * 1024)).fits


def test_sparsity_by_layer(tmp_path: Path) -> None:
    layers = ["stage1.0", "stage1.1", "head"]
    chosen = by_layer({"stage1.*": Sparsity((1, 4), 0.2), "stage1.1": Sparsity((2, 4), 0.1)}, layers)
    assert chosen == {"stage1.0": Sparsity((1, 4), 0.2), "stage1.1": Sparsity((2, 4), 0.1)}
    file = tmp_path / "sparsity.toml"
    file.write_text('"stage1.*" = "block=1x4,density=0.2"\n')
    assert read_sparsities(str(file)) == {"stage1.*": Sparsity((1, 4), 0.2)}
    with pytest.raises(Diagnostic, match=r"no layer whose weights can be sparse matches 'stage9'"):
        by_layer({"stage9": Sparsity()}, layers)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("density=2", "a density of 2 is none"),
        ("block=3x3,density=0.2", "no kernel skips blocks of 3x3"),
        ("block=1x4", "is no sparsity"),
        ("block=1x4,density=0.2,more=1", "is no sparsity"),
        ("nothing.json", "nothing.json: No such file"),
    ],
)
def test_a_wrong_sparsity_is_named(text: str, message: str) -> None:
    with pytest.raises(Diagnostic, match=message):
        read_sparsities(text)


def test_random_weights_have_the_density_that_is_asked_for() -> None:
    weights = random_weights((32, 3, 3, 16), Sparsity((2, 4), 0.25))
    assert (weights != 0).mean() == 0.25
    assert (weights.reshape(16, 2, 36, 4).any(axis=(1, 3)).mean()) == 0.25


def test_a_target_without_a_fit_warns_and_widens_the_error_bar() -> None:
    own, borrowed = (tfc.estimate(network(), EXAMPLE, target=name) for name in ("stm32f746", "stm32f767"))
    assert not own.warnings
    assert "stm32f767 has no fit of its own" in borrowed.warnings[0]
    assert borrowed.error_percent > own.error_percent + BORROWED / 4


def test_a_window_beyond_what_was_measured_warns_and_widens_the_error_bar() -> None:
    def of(window: int) -> Estimate:
        conv = nn.Conv2d(16, 16, window, padding=window // 2, groups=16)
        return tfc.estimate(nn.Sequential(conv).eval(), (torch.zeros(1, 16, 16, 16),))

    usual, wide = of(3), of(11)
    assert "larger than all that" in wide.warnings[0]
    assert wide.error_percent > 2 * usual.error_percent


def test_a_chosen_graph_takes_no_other_sparsity(compiled) -> None:
    with pytest.raises(Diagnostic, match="chosen for the weights"):
        tfc.estimate(compiled.folder, sparsity="density=0.5")


def test_every_target_has_the_rates_that_kernels_ask_for() -> None:
    rates = set(load_target("stm32f746").fit.rates)
    assert all(set(load_target(name).fit.rates) == rates for name in ("stm32h743", "stm32f767", "cortex-m7", "mps2-an500"))


def test_explanations_name_bids_shares_and_break_evens() -> None:
    session = Session()
    known = session.prepared(network(), EXAMPLE)
    found = session.estimate(known)
    explanations = {one.node: one for one in session.explain(known, found)}
    conv = next(one for name, one in explanations.items() if found.nodes[1].name == name)
    assert (found.nodes[1].kernel, found.nodes[1].cycles) in conv.bids
    assert list(conv.bids) == sorted(conv.bids, key=lambda bid: bid[1])
    assert abs(sum(conv.shares.values()) - 1) < 1e-9
    assert conv.dominant == "products"
    dense = session.estimate(known, sparsity="density=1").nodes[1].cycles
    pays = conv.break_even["2x4"]
    below, above = (session.estimate(known, sparsity={"3": Sparsity((2, 4), round(pays + more, 2))}).nodes[1] for more in (-0.06, 0.06 if pays < 0.94 else 0.0))
    assert below.cycles < dense
    assert "sparse" in below.kernel
    assert pays > 0.9 or above.kernel == "conv2d_s8"


def test_options_change_the_choice() -> None:
    small = tfc.estimate(network(), EXAMPLE, options=replace(tfc.Options(), optimize="ram"))
    assert small.arena_bytes <= tfc.estimate(network(), EXAMPLE).arena_bytes


def test_the_example_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "estimates.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.S)
    exec(code, {})
    assert capsys.readouterr().out.count("bytes of RAM") == 3

"""hybrid_small: what the model costs, and what its archive holds."""

import zipfile
from importlib.resources import files

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tfc.nas.augment import to_float
from tfc.nas.data import load_cifar10
from tfc.nas.pruning import block_count, zero_blocks
from tfc.zoo.archive import save_archive
from tfc.zoo.hybrid_small import PRUNED, HybridSmall

ARCHIVE = files("tfc.zoo") / "hybrid_small.pt2"
PLAIN = {"conv2d", "batch_norm", "silu", "layer_norm", "linear", "matmul", "softmax", "reshape", "transpose", "permute", "unbind"}
PLAIN |= {"cat", "adaptive_avg_pool2d", "flatten", "add", "mul", "sub"}


@pytest.fixture(scope="module")
def program():
    return torch.export.load(ARCHIVE)


def test_size():
    model = HybridSmall().eval()
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 3, 32, 32))
    assert counter.get_total_flops() // 2 == 56_404_480  # multiply-accumulates
    assert sum(p.numel() for p in model.parameters()) == 679_914


def test_channels_and_activations_suit_a_small_chip():
    model, largest = HybridSmall().eval(), []
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            assert module.out_channels % 8 == 0
            module.register_forward_hook(lambda _, inputs, output: largest.append(max(inputs[0].numel(), output.numel())))
    model(torch.zeros(1, 3, 32, 32))
    assert max(largest) <= 32 * 1024  # bytes in int8


def test_archive_is_small_deflated_and_of_plain_operators(program):
    assert ARCHIVE.stat().st_size <= 2 * 1024 * 1024
    with zipfile.ZipFile(ARCHIVE) as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_DEFLATED}
        traces = archive.read(next(name for name in archive.namelist() if name.endswith("models/model.json")))
    assert b'File \\"tfc/zoo/mobilevit.py' in traces, "operators name their source"
    assert b'File \\"/' not in traces, "not where it lay on the machine that exported"
    operators = {node.target.__name__.split(".")[0] for node in program.graph.nodes if node.op == "call_function"}
    assert operators - {"getitem"} <= PLAIN


def test_archive_is_sparse_in_the_planned_blocks(program):
    weights = program.state_dict
    for name, (block, sparsity) in PRUNED.items():
        weight = weights[f"{name}.weight"]
        assert zero_blocks(weight, block) >= round(sparsity * block_count(weight, block)), name
    for name, weight in weights.items():
        if "running" not in name and "num_batches" not in name:
            assert torch.equal(weight, weight.half().float()), name


def test_archive_is_the_model(program):
    model = HybridSmall()
    model.load_state_dict(program.state_dict)
    x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.allclose(program.module()(x), model.eval()(x), atol=1e-5)


def test_saving_twice_gives_equal_bytes_that_load(tmp_path):
    model, x = HybridSmall(), torch.rand(1, 3, 32, 32)
    for name in ("a.pt2", "b.pt2"):
        save_archive(model, x, tmp_path / name)
    assert (tmp_path / "a.pt2").read_bytes() == (tmp_path / "b.pt2").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pt2", "b.pt2"]
    with torch.no_grad():
        assert torch.equal(torch.export.load(tmp_path / "a.pt2").module()(x), model(x))


def test_accuracy(program, cifar10):
    """The first 2,000 test images; the card tells the figure for all."""
    model = HybridSmall()
    model.load_state_dict(program.state_dict)
    test = load_cifar10(cifar10).test
    with torch.no_grad():
        right = model.eval()(to_float(test.x[:2000])).argmax(1) == test.y[:2000]
    assert float(right.float().mean()) > 0.88

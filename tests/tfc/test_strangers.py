"""Networks that others wrote, small and with random weights: imported, quantized, compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import tfc
from tfc.importer.model import import_model
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import evaluate_batch
from tfc.ir.graph import Graph

transformers = pytest.importorskip("transformers")

IMAGE = (1, 3, 32, 32)
MOVES = ("transpose", "unfold", "fold")
SAMPLES = 16


class Logits(nn.Module):
    """A classifier of `transformers`, returning a tensor."""

    def __init__(self, name: str, **config: object) -> None:
        super().__init__()
        self.model = getattr(transformers, f"{name}ForImageClassification")(getattr(transformers, f"{name}Config")(num_labels=10, **config))

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.model(image).logits
        return logits


class SqueezeExcite(nn.Module):
    """A gate for each channel (arXiv 1905.02244, section 5.3)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, channels // 4, 1), nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * nn.functional.hardsigmoid(self.up(self.down(nn.functional.adaptive_avg_pool2d(x, 1)).relu()))


class Bottleneck(nn.Module):
    """An inverted residual of MobileNetV3."""

    def __init__(self, c: int, wide: int, out: int, window: int, stride: int, gated: bool, act: type[nn.Module]) -> None:
        super().__init__()
        self.residual = stride == 1 and c == out
        self.expand = nn.Sequential(nn.Conv2d(c, wide, 1, bias=False), nn.BatchNorm2d(wide), act())
        self.mix = nn.Sequential(nn.Conv2d(wide, wide, window, stride, window // 2, groups=wide, bias=False), nn.BatchNorm2d(wide))
        self.gate = SqueezeExcite(wide) if gated else nn.Identity()
        self.act = act()
        self.project = nn.Sequential(nn.Conv2d(wide, out, 1, bias=False), nn.BatchNorm2d(out))

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(self.act(self.gate(self.mix(self.expand(x)))))
        return x + y if self.residual else y


def mobilenet_v3() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.Hardswish(),
        Bottleneck(16, 16, 16, 3, 1, True, nn.ReLU),
        Bottleneck(16, 32, 24, 3, 2, False, nn.ReLU),
        Bottleneck(24, 48, 24, 5, 1, True, nn.Hardswish),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(24, 48),
        nn.Hardswish(),
        nn.Dropout(),
        nn.Linear(48, 10),
    )


def keyword_spotter() -> nn.Module:
    """A DS-CNN (arXiv 1711.07128) on 49 × 10 features."""
    layers: list[nn.Module] = [nn.Conv2d(1, 24, (10, 4), stride=2, padding=(5, 1)), nn.BatchNorm2d(24), nn.ReLU()]
    for _ in range(2):
        layers += [nn.Conv2d(24, 24, 3, padding=1, groups=24), nn.BatchNorm2d(24), nn.ReLU(), nn.Conv2d(24, 24, 1), nn.BatchNorm2d(24), nn.ReLU()]
    return nn.Sequential(*layers, nn.AvgPool2d((25, 5)), nn.Flatten(), nn.Linear(24, 12))


class Residual1d(nn.Module):
    def __init__(self, c: int, out: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(c, out, 9, 2, 4), nn.BatchNorm1d(out), nn.ReLU(), nn.Conv1d(out, out, 9, 1, 4), nn.BatchNorm1d(out))
        self.short = nn.Sequential(nn.Conv1d(c, out, 1, 2), nn.BatchNorm1d(out), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.body(x) + self.short(x)
        return y.relu()


def temporal_spotter() -> nn.Module:
    """A residual network over time (arXiv 1904.03814) on 10 features of 49 frames."""
    return nn.Sequential(nn.Conv1d(10, 16, 3, padding=1), Residual1d(16, 24), Residual1d(24, 32), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(32, 12))


class Causal(nn.Module):
    """A transformer of torch that looks back only."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.encoder(x, mask=nn.Transformer.generate_square_subsequent_mask(12), is_causal=True)
        return self.head(y.mean(1))


@dataclass(frozen=True)
class Stranger:
    """A network and the shape of its input; how much movement stays in the compiled graph; why its decomposed export is refused."""

    make: Callable[[], nn.Module]
    shape: tuple[int, ...]
    moves: int = 0
    decomposed_refusal: str = ""


VIT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "image_size": 32, "patch_size": 8}
STRANGERS = {
    "MobileViT": Stranger(
        lambda: Logits(
            "MobileViT",
            image_size=32,
            hidden_sizes=[24, 32, 40],
            neck_hidden_sizes=[8, 8, 16, 16, 24, 24, 48],
            num_attention_heads=2,
            expand_ratio=2.0,
            output_stride=8,
        ),
        IMAGE,
    ),
    # Its linear attention is a softmax and a mean over patches, between unfold and fold: they stay.
    "MobileViTv2": Stranger(
        lambda: Logits("MobileViTV2", image_size=32, n_attn_blocks=[1, 1, 1], base_attn_unit_dims=[32, 48, 64], width_multiplier=0.25, output_stride=8),
        IMAGE,
        moves=21,
        decomposed_refusal="aten.index_put.default",  # what becomes of F.fold
    ),
    "ViT": Stranger(lambda: Logits("ViT", **VIT), IMAGE),
    "DeiT": Stranger(lambda: Logits("DeiT", **VIT), IMAGE),
    "ConvNeXt": Stranger(
        lambda: Logits("ConvNext", hidden_sizes=[16, 24, 32, 48], depths=[1, 1, 1, 1], image_size=32, patch_size=2, layer_scale_init_value=0.3), IMAGE
    ),
    # Windows are cut, shifted and put back: these moves stay.
    "Swin": Stranger(
        lambda: Logits("Swin", image_size=32, patch_size=2, embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=4),
        IMAGE,
        moves=8,
        decomposed_refusal="aten.as_strided.default",  # what becomes of the pooling over tokens
    ),
    "LeViT": Stranger(
        lambda: Logits(
            "Levit",
            image_size=64,
            hidden_sizes=[16, 24, 32],
            num_attention_heads=[2, 3, 4],
            depths=[1, 1, 1],
            key_dim=[8, 8, 8],
            attention_ratio=[2, 2, 2],
            mlp_ratio=[2, 2, 2],
            down_ops=[["Subsample", 8, 2, 4, 2, 2], ["Subsample", 8, 3, 4, 2, 2]],
        ),
        (1, 3, 64, 64),
    ),
    "causal": Stranger(Causal, (1, 12, 16)),
    "MobileNetV3": Stranger(mobilenet_v3, IMAGE),
    "keywords": Stranger(keyword_spotter, (1, 1, 49, 10)),
    "keywords over time": Stranger(temporal_spotter, (1, 10, 49)),
}


@pytest.fixture(scope="module", params=list(STRANGERS))
def stranger(request: pytest.FixtureRequest) -> Stranger:
    return STRANGERS[request.param]


@pytest.fixture(scope="module")
def module(stranger: Stranger) -> nn.Module:
    """Weights and statistics wide enough that the network tells its inputs apart."""
    torch.manual_seed(0)
    made = stranger.make().eval()
    for name, parameter in made.named_parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, std=1.3 * parameter[0].numel() ** -0.5 if "weight" in name else 0.3)
    for name, buffer in made.named_buffers():
        if "running" in name:
            buffer.copy_(torch.rand_like(buffer) * 0.5 + (0.75 if "var" in name else -0.25))
    with torch.no_grad():
        made(torch.zeros(stranger.shape))  # LeViT keeps what it computes at its first call
    return made


@pytest.fixture(scope="module")
def samples(stranger: Stranger) -> np.ndarray:
    """Smooth pictures, each with a contrast of its own."""
    rng = np.random.default_rng(0)
    coarse = torch.from_numpy(rng.random((SAMPLES * stranger.shape[1], 1, 4, 4), np.float32))
    size = stranger.shape[2:] if len(stranger.shape) == 4 else (1, stranger.shape[2])
    smooth = nn.functional.interpolate(coarse, size=size, mode="bilinear").numpy().reshape(SAMPLES, *stranger.shape)
    return np.asarray(smooth * rng.uniform(0.2, 1, (SAMPLES, *(1,) * len(stranger.shape))), np.float32)


@pytest.fixture(scope="module")
def graph(module: nn.Module, stranger: Stranger) -> Graph:
    return import_model(module, (torch.zeros(stranger.shape),))


def test_equals_torch(module: nn.Module, graph: Graph, samples: np.ndarray) -> None:
    with torch.no_grad():
        wanted = np.concatenate([module(torch.from_numpy(x)).numpy() for x in samples[:3]])
    got = evaluate_batch(graph, [samples[:3]])[0].reshape(wanted.shape)
    assert np.abs(got - wanted).max() <= 1e-3 * np.abs(wanted).max()


def test_a_file_gives_the_same_graph(module: nn.Module, graph: Graph, stranger: Stranger, tmp_path: Path) -> None:
    torch.export.save(torch.export.export(module, (torch.zeros(stranger.shape),)), tmp_path / "net.pt2")
    assert import_model(tmp_path / "net.pt2", name=graph.name) == graph


def test_a_decomposed_export_computes_the_same(module: nn.Module, graph: Graph, stranger: Stranger, samples: np.ndarray, tmp_path: Path) -> None:
    torch.export.save(torch.export.export(module, (torch.zeros(stranger.shape),)).run_decompositions(), tmp_path / "net.pt2")
    if stranger.decomposed_refusal:
        with pytest.raises(Diagnostic, match=stranger.decomposed_refusal):
            import_model(tmp_path / "net.pt2")
        return
    decomposed, direct = (evaluate_batch(each, [samples[:2]])[0] for each in (import_model(tmp_path / "net.pt2"), graph))
    np.testing.assert_allclose(decomposed, direct, rtol=1e-3, atol=1e-3 * float(np.abs(direct).max()))


def test_compiles(module: nn.Module, graph: Graph, stranger: Stranger, samples: np.ndarray, tmp_path: Path) -> None:
    """Two samples on the emulator equal the evaluator; int8 stays near float; no movement is left that passes should remove."""
    compiled = tfc.compile(module, (torch.zeros(stranger.shape),), calib=[samples], output=tmp_path / "net")
    verdict = compiled.verify(2)
    moves = sum(node.op in MOVES for node in compiled.graph)
    ram, flash = compiled.report["ram"]["total_bytes"], compiled.report["flash"]["total_bytes"]
    operators = sorted({node.op for node in graph} - {"arg", "const"})
    print(f"\n{type(module).__name__}: cosine {verdict.cosine:.4f}, RAM {ram}, flash {flash}, {moves} moves; {', '.join(operators)}")
    assert compiled.fits
    assert set(verdict.mismatches.values()) == {0}
    assert verdict.cosine >= 0.99
    assert moves <= stranger.moves

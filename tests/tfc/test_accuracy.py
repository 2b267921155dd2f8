"""The bundled network on real images: what quantization costs, and that the three roads agree there too."""

from pathlib import Path

import numpy as np
import pytest

import tfc
from tfc.compiled import Compiled
from tfc.data import quantize_inputs
from tfc.importer.model import import_model
from tfc.ir.evaluate import evaluate_batch
from tfc.nas.data import load_cifar10

MODEL = Path(tfc.__file__).parent / "zoo" / "hybrid_small.pt2"
IMAGES, BATCH = 2000, 100


@pytest.fixture(scope="module")
def test_set(cifar10: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images [10000, 1, 3, 32, 32] in 0…1 and labels."""
    split = load_cifar10(cifar10).test
    return (split.x.numpy()[:, None] / np.float32(255)).astype(np.float32), split.y.numpy()


@pytest.fixture(scope="module")
def compiled(cifar10: Path, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """Calibrated on images that were learnt from."""
    learnt = load_cifar10(cifar10).train.x[:256].numpy()[:, None] / np.float32(255)
    return tfc.compile(MODEL, target="stm32f746", calib=[learnt], output=tmp_path_factory.mktemp("zoo") / "hybrid_small")


def top1(scores: np.ndarray, labels: np.ndarray) -> float:
    return float(100 * (scores.reshape(len(labels), -1).argmax(axis=1) == labels).mean())


def test_it_fits(compiled: Compiled) -> None:
    assert compiled.fits
    assert compiled.report["ram"]["limit_bytes"] == 320 * 1024
    assert compiled.report["flash"]["limit_bytes"] == 1 << 20


def test_integers_cost_less_than_0_7_points(compiled: Compiled, test_set: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = test_set[0][:IMAGES], test_set[1][:IMAGES]
    reference = import_model(MODEL)
    batches = [images[at : at + BATCH] for at in range(0, IMAGES, BATCH)]
    floats = np.concatenate([evaluate_batch(reference, [x])[0] for x in batches])
    integers = np.concatenate([evaluate_batch(compiled.graph, quantize_inputs(compiled.graph, [x]))[0] for x in batches])
    print(f"top-1 of {IMAGES}: float {top1(floats, labels):.2f} %, int8 {top1(integers, labels):.2f} %")
    assert top1(floats, labels) >= 88
    assert top1(integers, labels) >= top1(floats, labels) - 0.7


def test_the_whole_test_set_on_the_host(compiled: Compiled, test_set: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = test_set
    accuracy = compiled.accuracy(quantize_inputs(compiled.graph, [images]), labels)
    print(f"top-1 of {accuracy.samples}: int8 {accuracy.top1:.2f} %, {accuracy.images_per_second:.0f} images a second")
    assert accuracy.samples == 10000
    assert accuracy.top1 >= 88


def test_the_roads_meet_on_test_images(compiled: Compiled, test_set: tuple[np.ndarray, np.ndarray]) -> None:
    inputs = quantize_inputs(compiled.graph, [test_set[0][:24]])
    assert compiled.verify(inputs=inputs).mismatches == {"host": 0, "emulator": 0}

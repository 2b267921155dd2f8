"""Searches that are ready to run: a space, its images, and how its networks are trained."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tfc.ir.diagnostic import Diagnostic
from tfc.nas.data import load_cifar10
from tfc.nas.dataset import Dataset
from tfc.nas.digits import load_digits
from tfc.nas.recipe import Recipe
from tfc.nas.space import Space, load_space

FOLDER = Path(__file__).with_name("spaces")


@dataclass(frozen=True)
class Preset:
    """`load` reads the images from a path, which it may do without; the recipes are those of supernet, pruning and rounding."""

    space: Space
    load: Callable[[Path | None], Dataset]
    supernet: Recipe
    prune: Recipe
    quantize: Recipe


def preset(name: str) -> Preset:
    """The preset of that name; a Diagnostic lists the names."""
    if name not in PRESETS:
        raise Diagnostic(f"there is no preset {name}", help=f"the presets are {', '.join(PRESETS)}")
    return PRESETS[name](load_space(FOLDER / f"{name}.toml"))


def digits(space: Space) -> Preset:
    """The proxy: every step in less than a minute on two cores."""
    supernet = Recipe(epochs=16, batch=64, rate=0.2, shift=1, mirror=False)
    prune = replace(supernet, epochs=8, rate=0.05, distill=0.5)
    return Preset(space, lambda path: load_digits(), supernet, prune, replace(prune, epochs=3, rate=0.01))


def cifar10(space: Space) -> Preset:
    def load(path: Path | None) -> Dataset:
        if path is None:
            raise Diagnostic("CIFAR-10 does not come with tfc", help="--data DIR: mosaics, cifar-10-batches-py, or a .npz")
        return load_cifar10(path)

    supernet = Recipe(epochs=60, batch=256, rate=0.25, shift=2, average=0.995)
    prune = replace(supernet, epochs=40, rate=0.15, warmup=0.1, distill=0.5)
    return Preset(space, load, supernet, prune, replace(prune, epochs=5, rate=0.03))


PRESETS = {"digits": digits, "cifar10": cifar10}

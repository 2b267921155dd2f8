"""A search space: what may be chosen for each part of a network, and the networks that follow."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tfc.ir.diagnostic import Diagnostic
from tfc.nas import space_file
from tfc.nas.parts import ENDS, KINDS, Network
from tfc.nas.space_file import RESOLUTION, Choice, options_of


@dataclass(frozen=True)
class Space:
    """Every network of one description; also a supernet, which is a space with fewer choices.

    `choices` maps keys in the order of the network ("resolution", "stem.width", …, "stage2.kind", "stage2.depth", …, "head.width")
    to the values that may be chosen, from the smallest network to the largest. A path is one value for each key.
    `input_shape` is [channels, side, side] of the images; the network itself sees them at the side that "resolution" chooses.
    """

    name: str
    input_shape: tuple[int, ...]
    classes: int
    choices: Mapping[str, tuple[Choice, ...]]

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts, from the stem to the head."""
        return tuple(dict.fromkeys(key.partition(".")[0] for key in self.choices if "." in key))

    @property
    def largest(self) -> dict[str, Choice]:
        """The last value of every choice."""
        return self.largest_of({})

    def largest_of(self, given: Mapping[str, Choice]) -> dict[str, Choice]:
        """The largest path with these choices."""
        return self.canonical({key: values[-1] for key, values in self.choices.items()} | dict(given))

    def smallest_of(self, given: Mapping[str, Choice]) -> dict[str, Choice]:
        """The smallest path with these choices."""
        return self.canonical({key: values[0] for key, values in self.choices.items()} | dict(given))

    @property
    def size(self) -> int:
        """How many combinations of values there are; those that differ in inactive values alone count apart."""
        return prod(map(len, self.choices.values()))

    def canonical(self, path: Mapping[str, Choice]) -> dict[str, Choice]:
        """The path with every key in order; those that its kinds of stages do not use have their first value, so that equal networks have equal paths.

        A Diagnostic names a key that is unknown or missing, or a value that cannot be chosen.
        """
        unknown = [key for key in path if key not in self.choices]
        if unknown:
            raise Diagnostic(f"space {self.name} has no choice '{unknown[0]}'", help=f"its choices: {', '.join(self.choices)}")
        for key, values in self.choices.items():
            if key not in path:
                raise Diagnostic(f"the path has no value for '{key}'", help=f"choose of {', '.join(map(str, values))}")
            if path[key] not in values:
                raise Diagnostic(f"'{key}' cannot be {path[key]!r} in space {self.name}", help=f"choose of {', '.join(map(str, values))}")
        active = {RESOLUTION} | {f"{part}.{option}" for part in self.parts for option in options_of(part, path.get(f"{part}.kind"))}
        return {key: path[key] if key in active else values[0] for key, values in self.choices.items()}

    def sample(self, draw: random.Random) -> dict[str, Choice]:
        """A random path, each choice by itself."""
        return self.canonical({key: draw.choice(values) for key, values in self.choices.items()})

    def shape(self, path: Mapping[str, Choice]) -> tuple[int, ...]:
        """The shape [1, channels, side, side] of the input of `build(path)`."""
        side = int(path[RESOLUTION])
        return 1, self.input_shape[0], side, side

    def build(self, path: Mapping[str, Choice]) -> nn.Module:
        """The network of a path, in plain PyTorch, with random weights."""
        path = self.canonical(path)
        _, channels, side, _ = self.shape(path)
        parts: dict[str, nn.Module] = {}
        for part in self.parts:
            chosen: dict[str, Any] = {option: path[f"{part}.{option}"] for option in options_of(part, path.get(f"{part}.kind"))}
            make = ENDS[part] if part in ENDS else KINDS[chosen.pop("kind")]
            parts[part] = make(channels, side, **chosen)
            channels, side = chosen["width"], -(-side // chosen.get("stride", 1))
        return Network(parts, channels, self.classes)

    def layers(self, path: Mapping[str, Choice]) -> tuple[str, ...]:
        """Names of the layers of `build(path)` that may be pruned: convolutions and linears, but not stem, depthwise layers and classifier."""
        with torch.device("meta"):
            modules = self.build(path).named_modules()
        layers = (name for name, layer in modules if isinstance(layer, nn.Linear | nn.Conv2d) and getattr(layer, "groups", 1) == 1)
        return tuple(name for name in layers if name.startswith("body.") and not name.startswith("body.stem."))

    def restrict(self, subset: Mapping[str, Sequence[Choice]]) -> "Space":
        """The supernet that keeps these values of some keys and all of the others, but no key that none of its kinds uses.

        A Diagnostic names a key or value that is not there.
        """
        for key, values in subset.items():
            if key not in self.choices:
                raise Diagnostic(f"space {self.name} has no choice '{key}'", help=f"its choices: {', '.join(self.choices)}")
            wrong = [value for value in values if value not in self.choices[key]]
            if wrong or not values:
                said = f"'{key}' cannot be {wrong[0]!r}" if wrong else f"'{key}' keeps no value"
                raise Diagnostic(f"{said} in space {self.name}", help=f"choose of {', '.join(map(str, self.choices[key]))}")
        kept = {key: tuple(v for v in values if v in subset.get(key, values)) for key, values in self.choices.items()}
        used = {f"{part}.{option}" for part in self.parts for kind in kept.get(f"{part}.kind", (None,)) for option in options_of(part, kind)}
        return replace(self, choices={key: values for key, values in kept.items() if key in used or key == RESOLUTION})

    def text(self) -> str:
        """The description as TOML, which `load_space` reads back to the equal space."""
        return space_file.text(self.name, self.input_shape, self.classes, self.choices)


def load_space(path: Path) -> Space:
    """Read a description; a Diagnostic names the key that is wrong and what it may be."""
    return Space(*space_file.read(path))

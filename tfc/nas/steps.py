"""The steps of a search in one folder: its supernet's space, the trained supernet, the candidates, the tuned winner."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from tfc.ir.diagnostic import Diagnostic
from tfc.nas import distributed
from tfc.nas.candidates import Candidate, Limits
from tfc.nas.checkpoint import CHECKPOINT, finished, load_weights
from tfc.nas.chip import Chip
from tfc.nas.dataset import Dataset
from tfc.nas.evaluation import answers
from tfc.nas.finetuning import Winner, finetune
from tfc.nas.genome import Genome
from tfc.nas.presets import Preset, preset
from tfc.nas.recipe import Recipe
from tfc.nas.sandwich import sandwich
from tfc.nas.search import DIRECTIONS, SAMPLER, Search
from tfc.nas.space import load_space
from tfc.nas.supernas import Judged, judge, ranked, supernets
from tfc.nas.supernet import Supernet
from tfc.nas.training import train

SPACE, SUPERNET = "space.toml", "supernet"


@dataclass(frozen=True)
class Steps:
    """What the steps share. `source` is a preset, a description of a space named like one, or a folder in which a step has left it."""

    source: str
    target: str = "stm32f746"
    limits: Limits = field(default_factory=lambda: Limits(320 << 10, 1 << 20))
    data: Path | None = None
    device: str = "cpu"
    seed: int = 0
    threads: int = 0  # of torch; 0 is as many as there are processors

    def preset(self) -> Preset:
        """The space with its images and recipes; a Diagnostic says what there is."""
        path = Path(self.source)
        path = path / SPACE if path.is_dir() else path
        if path.suffix != ".toml":
            return preset(self.source)
        space = load_space(path)
        return replace(preset(space.name), space=space)

    def images(self) -> Dataset:
        return self.preset().load(self.data).to(self.device)

    def chip(self) -> Chip:
        return Chip(self.preset().space, self.target, self.limits)

    def choose_supernet(self, count: int, members: int, progress: Callable[[], None] = lambda: None) -> list[tuple[Judged, float]]:
        """SuperNAS: so many supernets with their scores, the best first."""
        chip, found = self.chip(), []
        for space in supernets(chip.space, count, self.seed):
            found.append(judge(space, replace(chip, space=space), self.limits, members=members, seed=self.seed))
            progress()
        return ranked(found)

    def train_supernet(self, recipe: Recipe, out: Path) -> float | None:
        """Train the supernet of this space into `out`, from where it stopped; validation top-1 of the largest path in per cent, or None if it was finished."""
        torch.manual_seed(self.seed)
        chosen, images = self.preset(), self.images()
        supernet, folder = Supernet(chosen.space).to(self.device), out / SUPERNET
        if finished(folder, recipe.epochs):
            return None
        begun = (folder / CHECKPOINT).is_file()
        top1 = train(supernet, images.train, images.validation, recipe, folder, objective=sandwich(chosen.space), resume=begun)
        if not distributed.rank():
            (out / SPACE).write_text(chosen.space.text(), encoding="utf-8")
        return top1

    def supernet(self) -> Supernet:
        """The trained supernet of the folder; a Diagnostic says how to make it."""
        supernet = Supernet(self.preset().space)
        try:
            load_weights(Path(self.source) / SUPERNET, supernet)
        except (FileNotFoundError, ValueError) as error:
            raise Diagnostic(str(error), help=f"tfc nas train SPACE -o {self.source}") from None
        return supernet.eval().to(self.device)

    def search(self, trials: int, sampler: str = SAMPLER, objectives: tuple[str, ...] = tuple(DIRECTIONS)) -> Search:
        """SparseNAS in the folder's supernet; every worker makes the equal one."""
        if self.threads:
            torch.set_num_threads(self.threads)
        chip, images, supernet = self.chip(), self.images(), self.supernet()
        validation = images.validation
        facts = {
            "space": digest(chip.space.text().encode()),
            "supernet": digest((Path(self.source) / SUPERNET / CHECKPOINT).read_bytes()),
            "images": digest(bytes_of(validation.x) + bytes_of(validation.y)),
            "target": self.target,
        }
        evaluate = partial(answers, supernet, data=images)
        return Search(Genome(chip.space), chip, evaluate, len(validation.y), self.limits, trials, self.seed, sampler, objectives, facts)

    def tune(self, candidate: Candidate, out: Path) -> Winner:
        """Train a candidate to its end and export it."""
        chosen = self.preset()
        return finetune(self.supernet(), candidate, self.images(), chosen.prune, chosen.quantize, out)


def digest(content: bytes) -> str:
    """Enough of a hash to tell one from another."""
    return hashlib.sha256(content).hexdigest()[:16]


def bytes_of(tensor: Tensor) -> bytes:
    return tensor.cpu().numpy().tobytes()

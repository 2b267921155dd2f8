"""The last training of a winner: pruned, then with roundings, taught by the largest path; and its archive."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from tfc.nas import distributed
from tfc.nas.augment import to_float
from tfc.nas.candidates import Candidate
from tfc.nas.checkpoint import CHECKPOINT, finished, load_weights
from tfc.nas.dataset import Dataset
from tfc.nas.evaluation import BATCH, CALIBRATION
from tfc.nas.pruning import Pruner, as_pruned
from tfc.nas.recipe import Recipe
from tfc.nas.rounding_places import quantize_aware
from tfc.nas.supernet import Supernet, recalibrate
from tfc.nas.training import top1, train
from tfc.zoo.archive import ready, save_archive


@dataclass(frozen=True)
class Winner:
    """What `tfc compile` takes, and its top-1 in per cent as it was exported."""

    archive: Path
    validation: float
    test: float


def finetune(supernet: Supernet, candidate: Candidate, data: Dataset, prune: Recipe, quantize: Recipe, out: Path) -> Winner:
    """Train the candidate from its inherited weights; `out` receives both trainings and `NAME.pt2`. What is finished there is not repeated.

    A recipe that distils has the largest path, at the candidate's resolution, as its teacher.
    """
    space = supernet.space
    path = space.canonical(candidate.path)
    images, example = data.at(space.shape(path)[-1]), torch.zeros(space.shape(path))
    batches = torch.split(to_float(images.train.first(CALIBRATION).x), BATCH)
    teacher, model = (supernet.inherit(each) for each in (space.largest_of({"resolution": path["resolution"]}), path))
    for network in (teacher, model):
        recalibrate(network, batches)
    _fit(model, Pruner(model, candidate.sparsity), images, prune, teacher, out / "prune")
    rounding = quantize_aware(model.cpu(), example).to(batches[0].device)
    _fit(rounding, Pruner(rounding, as_pruned(rounding, candidate.sparsity), ramp=0), images, quantize, teacher, out / "quantize")
    ready(rounding)
    validation, test = top1(rounding, images.validation), top1(rounding, images.test)
    archive = out / f"{space.name}.pt2"
    if not distributed.rank():
        save_archive(rounding.cpu(), example, archive)
    return Winner(archive, validation, test)


def _fit(model: nn.Module, pruner: Pruner, images: Dataset, recipe: Recipe, teacher: nn.Module, out: Path) -> None:
    if finished(out, recipe.epochs):
        load_weights(out, model)
        return
    split = images.whole() if recipe.whole else images.train
    begun = (out / CHECKPOINT).is_file()
    train(model, split, images.validation, recipe, out, pruner=pruner, teacher=teacher if recipe.distill else None, resume=begun)

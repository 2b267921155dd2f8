"""The last training of a winner: pruned, then with roundings, taught by the largest path; and its archive."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn

from tfc.ir.diagnostic import Diagnostic
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

CANDIDATE = "candidate.json"


@dataclass(frozen=True)
class Winner:
    """What `tfc compile` takes, and its top-1 in per cent as it was exported."""

    archive: Path
    validation: float
    test: float


def finetune(supernet: Supernet, candidate: Candidate, data: Dataset, prune: Recipe, quantize: Recipe, out: Path) -> Winner:
    """Train the candidate from its inherited weights; `out` receives both trainings and `NAME.pt2`. What is finished there is not repeated.

    A recipe that distils has the largest path, at the candidate's resolution, as its teacher. A Diagnostic if `out` belongs to another candidate.
    """
    space = supernet.space
    path = space.canonical(candidate.path)
    _claim(out, Candidate(path, candidate.sparsity))
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


def _claim(out: Path, candidate: Candidate) -> None:
    """Write down whose folder this is: its trainings would be taken for those of any candidate."""
    record, text = out / CANDIDATE, json.dumps(asdict(candidate), indent=1, sort_keys=True)
    if record.is_file() and record.read_text(encoding="utf-8") != text:
        raise Diagnostic(f"{out} holds the training of another candidate", help="give another folder, or delete that one")
    distributed.wait()
    if not distributed.rank():
        out.mkdir(parents=True, exist_ok=True)
        record.write_text(text, encoding="utf-8")


def _fit(model: nn.Module, pruner: Pruner, images: Dataset, recipe: Recipe, teacher: nn.Module, out: Path) -> None:
    if finished(out, recipe.epochs):
        load_weights(out, model)
        return
    split = images.whole() if recipe.whole else images.train
    begun = (out / CHECKPOINT).is_file()
    train(model, split, images.validation, recipe, out, pruner=pruner, teacher=teacher if recipe.distill else None, resume=begun)

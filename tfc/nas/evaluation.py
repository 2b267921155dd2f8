"""How good a candidate would be: its inherited weights, pruned and rounded, on images that chose none of them."""

from collections.abc import Iterator

import torch
from torch import fx

from tfc.nas.augment import to_float
from tfc.nas.candidates import Candidate
from tfc.nas.dataset import Dataset
from tfc.nas.pruning import prune
from tfc.nas.quantizing import FakeQuantize
from tfc.nas.rounding_places import quantize_aware
from tfc.nas.supernet import Supernet, recalibrate

CALIBRATION, BATCH = 512, 128  # images that statistics and ranges are taken from
STEP = 100  # images between two answers


def evaluate(supernet: Supernet, candidate: Candidate, data: Dataset) -> float:
    """Validation top-1 in per cent of the path with these zeros in int8, without any training; equal candidates give equal answers."""
    seen, right = list(answers(supernet, candidate, data))[-1]
    return 100 * right / seen


def answers(supernet: Supernet, candidate: Candidate, data: Dataset) -> Iterator[tuple[int, int]]:
    """How many validation images were seen and how many answers were right, as they come; the last time for all images."""
    side = supernet.space.shape(candidate.path)[-1]
    validation, seen, right = data.validation.at(side), 0, 0
    model = rounding(supernet, candidate, data)
    for x, y in zip(torch.split(to_float(validation.x), STEP), torch.split(validation.y, STEP), strict=True):
        with torch.no_grad():
            right += int((model(x).argmax(1) == y).sum())
        seen += len(y)
        yield seen, right


@torch.no_grad()
def rounding(supernet: Supernet, candidate: Candidate, data: Dataset) -> fx.GraphModule:
    """The candidate's network in evaluation mode, pruned and with roundings; batch norms and ranges are taken from train images."""
    images = data.train.first(CALIBRATION).at(supernet.space.shape(candidate.path)[-1])
    batches = torch.split(to_float(images.x), BATCH)
    model = supernet.inherit(candidate.path)
    prune(model, candidate.sparsity)
    recalibrate(model, batches)
    traced = quantize_aware(model, batches[0]).to(images.x.device)
    for module in traced.modules():
        if isinstance(module, FakeQuantize):
            module.train()
    traced(to_float(images.x))  # the ranges are the extremes of all of them
    return traced.eval()

"""How good a candidate would be: its inherited weights, pruned and rounded, on images that chose none of them."""

import torch

from tfc.nas.augment import to_float
from tfc.nas.candidates import Candidate
from tfc.nas.dataset import Dataset
from tfc.nas.pruning import prune
from tfc.nas.quantizing import FakeQuantize
from tfc.nas.rounding_places import quantize_aware
from tfc.nas.supernet import Supernet, recalibrate
from tfc.nas.training import top1

CALIBRATION, BATCH = 512, 128  # images that statistics and ranges are taken from


@torch.no_grad()
def evaluate(supernet: Supernet, candidate: Candidate, data: Dataset) -> float:
    """Validation top-1 in per cent of the path with these zeros in int8, without any training; equal candidates give equal answers."""
    path = supernet.space.canonical(candidate.path)
    images = data.at(supernet.space.shape(path)[-1])
    batches = torch.split(to_float(images.train.first(CALIBRATION).x), BATCH)
    model = supernet.inherit(path)
    prune(model, candidate.sparsity)
    recalibrate(model, batches)
    rounding = quantize_aware(model, batches[0])
    for module in rounding.modules():
        if isinstance(module, FakeQuantize):
            module.train()
    rounding(torch.cat(list(batches)))  # the ranges are the extremes of all of them
    return top1(rounding, images.validation)

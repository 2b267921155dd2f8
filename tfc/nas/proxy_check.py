"""Whether proxies foretell what a training comes to: random members of the digits' space, each judged and then trained."""

import argparse
import random
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike

from tfc.nas.candidates import Candidate
from tfc.nas.dataset import Dataset
from tfc.nas.presets import Preset, preset
from tfc.nas.proxies import PROXIES
from tfc.nas.pruning import Pruner
from tfc.nas.supernas import BLOCK, ZEROS, promise
from tfc.nas.training import top1, train


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tfc.nas.proxy_check", description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--members", type=int, default=40, help="to train, some four seconds each")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    digits, draw = preset("digits"), random.Random(options.seed)
    data = digits.load(None)
    accuracies, promises = [], []
    for _ in range(options.members):
        path, zeros = digits.space.sample(draw), draw.choice(ZEROS)
        candidate = Candidate(path, dict.fromkeys(digits.space.layers(path), (BLOCK, zeros)))
        promises.append([promise(digits.space, candidate, proxy, options.seed) for proxy in PROXIES.values()])
        accuracies.append(trained(digits, data, candidate, options.seed))
    for name, column in zip(PROXIES, zip(*promises, strict=True), strict=True):
        print(f"{name} {agreement(accuracies, column):.2f}")


def trained(digits: Preset, data: Dataset, candidate: Candidate, seed: int) -> float:
    """Top-1 in per cent on all images that it did not learn from, after a short training with gradual pruning."""
    torch.manual_seed(seed)
    model = digits.space.build(candidate.path)
    with tempfile.TemporaryDirectory() as folder:
        recipe = replace(digits.prune, epochs=14, rate=0.1, distill=0.0, seed=seed)
        train(model, data.train, data.validation, recipe, Path(folder), pruner=Pruner(model, candidate.sparsity))
    return (top1(model, data.validation) + top1(model, data.test)) / 2


def agreement(x: ArrayLike, y: ArrayLike) -> float:
    """Kendall's rank correlation: the share of pairs in the same order less the share in the opposite one."""
    signs = [np.sign(np.subtract.outer(values, values)) for values in (np.asarray(x), np.asarray(y))]
    n = len(signs[0])
    return float((signs[0] * signs[1]).sum() / (n * (n - 1)))


if __name__ == "__main__":
    main()

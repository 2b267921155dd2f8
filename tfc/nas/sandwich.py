"""Training a supernet: in each step its largest and smallest paths and some between, with and without zeros."""

import torch
from torch import Tensor, nn

from tfc.nas.candidates import Candidate, Zeros
from tfc.nas.objectives import LabelLoss, Objective, distance
from tfc.nas.pruning import Block
from tfc.nas.recipe import Recipe
from tfc.nas.space import Space
from tfc.nas.space_file import Choice

BLOCKS: tuple[Block, ...] = ((1, 1), (1, 2), (1, 4), (2, 2), (2, 4))
SHARES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9)


def sandwich(space: Space, between: int = 2) -> Objective:
    """The objective of `train` for a `Supernet` of this space (sandwich rule and in-place distillation: Yu and Huang, arXiv 1903.05134).

    The largest path learns from the labels, the smallest and `between` random ones from its answers. Every other random path
    loses blocks of weights in the forward pass, so that shared weights also serve candidates that are sparse.
    """

    def loss(model: nn.Module, x: Tensor, labels: LabelLoss, recipe: Recipe, generator: torch.Generator) -> Tensor:
        with torch.autocast(x.device.type, torch.bfloat16, enabled=recipe.bfloat16):
            answers = model(x, drawn(space, between, generator)).float()
        wanted = answers[0].detach()
        return labels(answers[0]) + sum(distance(answer, wanted, recipe.temperature) for answer in answers[1:]) / (1 + between)

    return loss


def drawn(space: Space, between: int, generator: torch.Generator) -> list[Candidate]:
    """The candidates of a step, the largest first. It and the smallest have kinds of stages drawn anew, so that every kind is trained at both ends."""

    def draw(n: int) -> int:
        return int(torch.randint(n, (), generator=generator))

    def some(keys: list[str]) -> dict[str, Choice]:
        return {key: space.choices[key][draw(len(space.choices[key]))] for key in keys}

    def zeros(path: dict[str, Choice]) -> Zeros:
        return {layer: (BLOCKS[draw(len(BLOCKS))], SHARES[draw(len(SHARES))]) for layer in space.layers(path)}

    kinds = some([key for key in space.choices if key.endswith(".kind")])
    paths = [space.canonical(some(list(space.choices))) for _ in range(between)]
    ends = [Candidate(space.largest_of(kinds), {}), Candidate(space.smallest_of(kinds), {})]
    return ends + [Candidate(path, zeros(path) if i % 2 else {}) for i, path in enumerate(paths)]

"""Training a supernet: in each step its largest and smallest paths and some between."""

import torch
from torch import Tensor, nn

from tfc.nas.objectives import LabelLoss, Objective, distance
from tfc.nas.recipe import Recipe
from tfc.nas.space import Space
from tfc.nas.space_file import Choice


def sandwich(space: Space, between: int = 2) -> Objective:
    """The objective of `train` for a `Supernet` of this space (sandwich rule and in-place distillation: Yu and Huang, arXiv 1903.05134).

    The largest path learns from the labels, the smallest and `between` random ones from its answers.
    """

    def loss(model: nn.Module, x: Tensor, labels: LabelLoss, recipe: Recipe, generator: torch.Generator) -> Tensor:
        with torch.autocast(x.device.type, torch.bfloat16, enabled=recipe.bfloat16):
            answers = model(x, paths(space, between, generator)).float()
        wanted = answers[0].detach()
        return labels(answers[0]) + sum(distance(answer, wanted, recipe.temperature) for answer in answers[1:]) / (1 + between)

    return loss


def paths(space: Space, between: int, generator: torch.Generator) -> list[dict[str, Choice]]:
    """The paths of a step, the largest first. It and the smallest have kinds of stages drawn anew, so that every kind is trained at both ends."""

    def drawn(keys: list[str]) -> dict[str, Choice]:
        return {key: space.choices[key][int(torch.randint(len(space.choices[key]), (), generator=generator))] for key in keys}

    kinds = drawn([key for key in space.choices if key.endswith(".kind")])
    return [space.largest_of(kinds), space.smallest_of(kinds), *(space.canonical(drawn(list(space.choices))) for _ in range(between))]

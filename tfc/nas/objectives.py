"""What a step of a training makes smaller."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tfc.nas.recipe import Recipe

LabelLoss = Callable[[Tensor], Tensor]  # of logits, by the labels of the batch
Objective = Callable[[nn.Module, Tensor, LabelLoss, Recipe, torch.Generator], Tensor]  # model, float images [n, c, h, w]: a loss to differentiate


def label_loss(logits: Tensor, y: Tensor, own: float, recipe: Recipe) -> Tensor:
    """Cross-entropy of logits [n, classes] with the labels of each image, and of the one that a share of 1 - own was pasted from."""
    loss = own * F.cross_entropy(logits, y, label_smoothing=recipe.label_smoothing)
    if own < 1:
        loss = loss + (1 - own) * F.cross_entropy(logits, y.flip(0), label_smoothing=recipe.label_smoothing)
    return loss


def distance(logits: Tensor, wanted: Tensor, temperature: float) -> Tensor:
    """From the teacher's answer (Hinton et al., arXiv 1503.02531), [n, classes] both."""
    answer, target = F.log_softmax(logits / temperature, 1), F.log_softmax(wanted / temperature, 1)
    return temperature * temperature * F.kl_div(answer, target, reduction="batchmean", log_target=True)


def supervised(teacher: nn.Module | None) -> Objective:
    """Labels, and the answer of a teacher where there is one."""

    def loss(model: nn.Module, x: Tensor, labels: LabelLoss, recipe: Recipe, generator: torch.Generator) -> Tensor:
        with torch.autocast(x.device.type, torch.bfloat16, enabled=recipe.bfloat16):
            logits = model(x).float()
            if teacher is not None:
                with torch.no_grad():
                    wanted = teacher(x).float()
        if teacher is None:
            return labels(logits)
        return (1 - recipe.distill) * labels(logits) + recipe.distill * distance(logits, wanted, recipe.temperature)

    return loss

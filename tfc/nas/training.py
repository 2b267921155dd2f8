"""Supervised training: one loop, checkpoints that resume exactly, metrics as CSV."""

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from tfc.nas.checkpoint import restore, save
from tfc.nas.data import Split, augment, shrink, to_float
from tfc.nas.pruning import Pruner
from tfc.nas.shards import Shards


@dataclass(frozen=True)
class Recipe:
    """Everything besides model and data that decides what a training gives."""

    epochs: int
    batch: int = 128
    rate: float = 0.1
    warmup: float = 0.2  # share of all steps
    momentum: float = 0.9
    weight_decay: float = 5e-4
    label_smoothing: float = 0.1
    hole: int = 0  # side of the grey square in each image, pixels; short trainings of small networks do better without
    clip: float = 1.0  # without it the first steps diverge
    small: float = 0.0  # share of the epochs, the first ones, that see images at three quarters of their side: almost half the work
    seed: int = 0
    bfloat16: bool = False  # faster only where the processor multiplies bfloat16 itself


def rate_at(progress: float, recipe: Recipe) -> float:
    """The learning rate: a triangle from 0 over its peak, at the end of the warm-up, to 0."""
    return recipe.rate * min(progress / recipe.warmup if recipe.warmup else 1.0, (1 - progress) / (1 - recipe.warmup))


def set_layout(model: nn.Module, layout: torch.memory_format) -> None:
    """Store convolution weights in this layout, in place; activations follow them."""
    for parameter in model.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=layout)


def optimizer_for(model: nn.Module, recipe: Recipe) -> torch.optim.SGD:
    """Weight decay for matrices and kernels only, not for norms and biases."""
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.SGD(groups, lr=recipe.rate, momentum=recipe.momentum, nesterov=True)


@torch.no_grad()
def top1(model: nn.Module, split: Split, batch: int = 500) -> float:
    """Share of right answers in per cent; leaves the model in evaluation mode."""
    model.eval()
    right = sum(int((model(to_float(x)).argmax(1) == y).sum()) for x, y in zip(torch.split(split.x, batch), torch.split(split.y, batch), strict=True))
    return 100 * right / len(split.y)


def train(
    model: nn.Module, train_split: Split, validation: Split, recipe: Recipe, out: Path, *, pruner: Pruner | None = None, resume: bool = False, shards: int = 1
) -> float:
    """Train in place and return the last validation top-1 in per cent; `out` receives a checkpoint and metrics after each epoch.

    `shards` parts of each batch are computed side by side, each by one thread. A resumed training gives the
    very weights of an uninterrupted one. ValueError if the checkpoint belongs to another recipe.
    """
    out.mkdir(parents=True, exist_ok=True)
    if not recipe.bfloat16:  # in bfloat16 this layout is ten times slower on a CPU
        set_layout(model, torch.channels_last)
    optimizer = optimizer_for(model, recipe)
    parts, history = Shards(model, shards), list[dict[str, float]]()
    if resume:
        history = restore(out, model, optimizer, asdict(recipe), pruner)
    for epoch in range(len(history), recipe.epochs):
        started = time.monotonic()
        loss, rate = _epoch(parts, optimizer, train_split, recipe, epoch, pruner)
        seconds = time.monotonic() - started
        accuracy = top1(model, validation)
        history.append(
            {"epoch": epoch + 1, "rate": round(rate, 6), "loss": round(loss, 4), "top1": accuracy, "images_per_second": round(len(train_split.y) / seconds, 1)}
        )
        save(out, model, optimizer, asdict(recipe), pruner, history)
        print(" ".join(f"{key} {value:g}" for key, value in history[-1].items()), flush=True)
    return history[-1]["top1"] if history else top1(model, validation)


def _epoch(shards: Shards, optimizer: torch.optim.SGD, split: Split, recipe: Recipe, epoch: int, pruner: Pruner | None) -> tuple[float, float]:
    """One pass over the split; mean loss and the last learning rate."""
    shards.train()
    # One seed an epoch: nothing random needs to be saved for an exact resume.
    generator = torch.Generator().manual_seed(recipe.seed * 100_003 + epoch)
    batches = torch.split(torch.randperm(len(split.y), generator=generator), recipe.batch)
    if len(batches) > 1 and len(batches[-1]) < recipe.batch:
        batches = batches[:-1]  # a small batch has poor statistics
    device, total = split.x.device, recipe.epochs * len(batches)
    side = split.x.shape[-1] * 3 // 4 if epoch < round(recipe.small * recipe.epochs) else split.x.shape[-1]
    losses, loss = torch.zeros((), device=device), _loss(recipe)
    for i, index in enumerate(batches):
        step = epoch * len(batches) + i
        for group in optimizer.param_groups:
            group["lr"] = rate_at((step + 1) / (total + 1), recipe)
        x = to_float(augment(split.x[index.to(device)], generator, hole=recipe.hole))
        x = x if side == x.shape[-1] else shrink(x, side)
        losses += shards.backward(x, split.y[index.to(device)], loss)
        nn.utils.clip_grad_norm_(shards.models[0].parameters(), recipe.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if pruner:
            pruner.step((step + 1) / total)
        if sys.stderr.isatty():
            print(f"\repoch {epoch + 1}/{recipe.epochs} step {i + 1}/{len(batches)}", end="\n" if i + 1 == len(batches) else "", file=sys.stderr)
    return float(losses) / len(batches), float(optimizer.param_groups[0]["lr"])


def _loss(recipe: Recipe) -> Callable[[nn.Module, Tensor, Tensor], Tensor]:
    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        with torch.autocast(x.device.type, torch.bfloat16, enabled=recipe.bfloat16):
            logits = model(x)
        return nn.functional.cross_entropy(logits.float(), y, label_smoothing=recipe.label_smoothing)

    return loss

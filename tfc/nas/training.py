"""Supervised training: one loop for dense, sparse and quantized networks, on one or several processes."""

import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tfc.nas import distributed
from tfc.nas.augment import augment, mirrored, paste, shrink, to_float
from tfc.nas.checkpoint import State
from tfc.nas.dataset import Split
from tfc.nas.objectives import Objective, label_loss, supervised
from tfc.nas.pruning import Pruner
from tfc.nas.recipe import Recipe, rate_at

CHECKPOINT_SECONDS = 180.0


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
    """Share of right answers in per cent, over all processes; leaves the model in evaluation mode."""
    model.eval()
    parts = zip(torch.split(distributed.share(split.x), batch), torch.split(distributed.share(split.y), batch), strict=True)
    right = sum((model(to_float(x)).argmax(1) == y).sum() for x, y in parts)
    return 100 * int(distributed.total(torch.as_tensor(right))) / len(split.y)


def train(
    model: nn.Module,
    train_split: Split,
    validation: Split,
    recipe: Recipe,
    out: Path,
    *,
    pruner: Pruner | None = None,
    teacher: nn.Module | None = None,
    objective: Objective | None = None,
    resume: bool = False,
) -> float:
    """Train in place and return the last validation top-1 in per cent; `out` receives a checkpoint every few minutes, metrics after each epoch.

    A resumed training gives the very weights of an uninterrupted one. Afterwards the model holds the averaged weights,
    where the recipe averages. `objective` makes the loss of a step, in place of labels and teacher; it may leave parts of the
    model out. ValueError if the checkpoint belongs to another recipe, or the batch does not part evenly.
    """
    if recipe.batch % distributed.count():
        raise ValueError(f"a batch of {recipe.batch} does not part into {distributed.count()} processes")
    if (teacher is None) != (recipe.distill == 0):
        raise ValueError("distillation needs both a teacher and a share of the loss for it")
    out.mkdir(parents=True, exist_ok=True)
    if train_split.x.is_cuda or not recipe.bfloat16:  # in bfloat16 this layout is ten times slower on a CPU
        set_layout(model, torch.channels_last)
    average = None
    if recipe.average:
        average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(recipe.average), use_buffers=True)  # type: ignore[no-untyped-call]
    state = State(model, optimizer_for(model, recipe), average, pruner, asdict(recipe))
    if resume:
        state.restore(out)
    wrapped = distributed.parallel(model, whole=objective is None)
    for _ in range(len(state.history), recipe.epochs):
        _epoch(wrapped, state, train_split, recipe, objective or supervised(teacher), out)
        row = {"epoch": len(state.history) + 1, "rate": state.optimizer.param_groups[0]["lr"], "loss": state.loss, "top1": top1(state.best, validation)}
        row |= {"images_per_second": len(train_split.y) / state.seconds}
        state.history.append({key: round(value, 6) for key, value in row.items()})
        state.loss, state.seconds = 0.0, 0.0
        if not distributed.rank():
            state.save(out)
            print(" ".join(f"{key} {value:.5g}" for key, value in state.history[-1].items()), flush=True)
        distributed.wait()
    if average is not None:
        model.load_state_dict(state.best.state_dict())
    return state.history[-1]["top1"] if state.history else top1(model, validation)


def _epoch(model: nn.Module, state: State, split: Split, recipe: Recipe, objective: Objective, out: Path) -> None:
    """What is left of the epoch under way; `state` has its mean loss and duration afterwards."""
    device, epoch = split.x.device, len(state.history)
    order = torch.randperm(len(split.y), generator=_generator(recipe, epoch, -1))
    batches = torch.split(order, recipe.batch)
    if len(batches) > 1 and len(batches[-1]) < recipe.batch:
        batches = batches[:-1]  # a small batch has poor statistics
    side = split.x.shape[-1] * 3 // 4 if epoch < round(recipe.small * recipe.epochs) else split.x.shape[-1]
    total, first = recipe.epochs * len(batches), state.step - epoch * len(batches)
    losses, saved = torch.full((), state.loss, device=device), time.monotonic()
    model.train()
    for i in range(first, len(batches)):
        started = time.monotonic()
        for group in state.optimizer.param_groups:
            group["lr"] = rate_at((state.step + 1) / (total + 1), recipe)
        losses += _step(model, state, split, batches[i], side, recipe, objective)
        state.step += 1
        if state.pruner:
            state.pruner.step(state.step / total)
        if state.average is not None:
            state.average.update_parameters(state.model)
        state.seconds += time.monotonic() - started
        if time.monotonic() - saved > CHECKPOINT_SECONDS and not distributed.rank():
            state.loss, saved = float(losses), time.monotonic()
            state.save(out)
        if sys.stderr.isatty() and not distributed.rank():
            left = state.seconds / (i + 1) * (len(batches) - i - 1)
            print(f"\repoch {epoch + 1}/{recipe.epochs} step {i + 1}/{len(batches)}, {left:.0f} s left in it ", end="", file=sys.stderr)
    state.loss = float(distributed.total(losses)) / distributed.count() / len(batches)


def _step(model: nn.Module, state: State, split: Split, index: Tensor, side: int, recipe: Recipe, objective: Objective) -> Tensor:
    """One step of the optimizer on these images; their mean loss."""
    generator, epoch = _generator(recipe, len(state.history), state.step), len(state.history)
    index = index.to(split.x.device)
    # All processes draw the same numbers for the whole batch, and take their part of it.
    x = distributed.share(augment(split.x[index], mirrored(index, epoch) & recipe.mirror, generator, shift=recipe.shift, hole=recipe.hole))
    x, y, own = to_float(x), distributed.share(split.y[index]), 1.0
    if recipe.mix and float(torch.rand((), generator=generator)) < recipe.mix:
        x, own = paste(x, generator)
    x = x if side == x.shape[-1] else shrink(x, side)
    loss = objective(model, x, partial(label_loss, y=y, own=own, recipe=recipe), recipe, generator)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(state.model.parameters(), recipe.clip)
    state.optimizer.step()
    state.optimizer.zero_grad(set_to_none=True)
    return loss.detach()


def _generator(recipe: Recipe, epoch: int, step: int) -> torch.Generator:
    """Random numbers of one step, or of an epoch's order (step -1): nothing random needs to be saved for an exact resume."""
    return torch.Generator().manual_seed((recipe.seed * 100_003 + epoch) * 1_000_003 + step + 1)

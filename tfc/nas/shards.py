"""Gradients of a batch, computed in parts by threads that wait for each other only once a step."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import torch
from torch import Tensor, nn


class Shards:
    """Copies of a model that share its weights; each takes its part of the batch.

    Threads inside each operation wait for the slowest of them hundreds of times a step; on two busy cores this way is twice as fast.
    Batch norm normalises each part by itself, and the running statistics are those of the first part: results depend on `count`, not on timing.
    """

    def __init__(self, model: nn.Module, count: int) -> None:
        if count < 1:
            raise ValueError(f"a batch cannot be parted into {count} shards")
        self.models = [model, *(deepcopy(model) for _ in range(count - 1))]
        for copy in self.models[1:]:
            for ours, shared in zip(copy.parameters(), model.parameters(), strict=True):
                ours.data = shared.data
        self.pool = ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) if count > 1 else None

    def train(self) -> None:
        for model in self.models:
            model.train()

    def backward(self, x: Tensor, y: Tensor, loss: Callable[[nn.Module, Tensor, Tensor], Tensor]) -> Tensor:
        """Add the gradient of the mean loss over the batch to the model's parameters; return that loss."""
        if self.pool is None:
            return _backward(self.models[0], x, y, loss, 1.0)
        xs, ys = torch.chunk(x, len(self.models)), torch.chunk(y, len(self.models))  # a tiny batch has fewer parts
        losses = list(self.pool.map(lambda model, x, part: _backward(model, x, part, loss, len(part) / len(y)), self.models, xs, ys))
        for copy in self.models[1 : len(losses)]:
            for ours, shared in zip(copy.parameters(), self.models[0].parameters(), strict=True):
                if ours.grad is not None and shared.grad is not None:
                    shared.grad += ours.grad
                ours.grad = None
        return torch.stack(losses).sum()


def _backward(model: nn.Module, x: Tensor, y: Tensor, loss: Callable[[nn.Module, Tensor, Tensor], Tensor], share: float) -> Tensor:
    value = loss(model, x, y) * share
    torch.autograd.backward(value)
    return value.detach()

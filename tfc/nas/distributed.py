"""One training on several processes, as `torchrun` starts them; alone where it did not."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel


@contextmanager
def workers(device: str) -> Iterator[str]:
    """Join the processes that torchrun started; yields the device of this one (`cuda` becomes `cuda:0`, `cuda:1`, …)."""
    if "LOCAL_RANK" not in os.environ:
        yield device
        return
    cuda = device == "cuda"
    distributed.init_process_group("nccl" if cuda else "gloo")
    try:
        yield f"cuda:{os.environ['LOCAL_RANK']}" if cuda else device
    finally:
        distributed.destroy_process_group()


def count() -> int:
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    return distributed.get_rank() if distributed.is_initialized() else 0


def share(x: Tensor) -> Tensor:
    """This process's part of a batch, along the first axis."""
    return torch.tensor_split(x, count())[rank()]


def total(x: Tensor) -> Tensor:
    """The sum over all processes."""
    if distributed.is_initialized():
        distributed.all_reduce(x)
    return x


def wait() -> None:
    """Until all processes are here."""
    if distributed.is_initialized():
        distributed.barrier()


def parallel(model: nn.Module, *, whole: bool = True) -> nn.Module:
    """The model with gradients averaged over all processes; the running statistics of batch norm are those of the first.

    `whole` says that every step uses all of its parameters.
    """
    return DistributedDataParallel(model, find_unused_parameters=not whole) if distributed.is_initialized() else model

"""What zeros cost: one recipe, and at its end a network unpruned, pruned in several blocks, and a narrow dense one of the same stored bytes."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from tfc.nas import distributed
from tfc.nas.checkpoint import load_weights
from tfc.nas.data import load_cifar10
from tfc.nas.dataset import Dataset
from tfc.nas.pruning import Block, Pruner, products, stored_bytes
from tfc.nas.recipe import Recipe
from tfc.nas.training import top1, train
from tfc.zoo.cifar10_hybrid import DENSE, PRUNED, Cifar10Hybrid

BLOCKS: tuple[Block, ...] = ((1, 1), (1, 4), (2, 4))
WIDTHS = [n / 32 for n in range(6, 33) if 6 * n % (6 * n // 32) == 0]  # of networks to find the narrow one among: heads divide their channels
SIDE = 32


@dataclass(frozen=True)
class Row:
    """A network and what it came to."""

    network: str
    validation: float
    stored_bytes: int
    macs: int
    nonzero_macs: int


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tfc.zoo.side_by_side", description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="CIFAR-10, as for the models of the zoo")
    parser.add_argument("--out", type=Path, required=True, help="folder; what is finished there is not repeated")
    parser.add_argument("--width", type=float, default=0.5, help="of cifar10_hybrid")
    parser.add_argument("--zeros", type=float, default=0.8, help="share of the blocks of each pruned layer that become zero")
    parser.add_argument("--epochs", type=int, default=4, help="before pruning")
    parser.add_argument("--more", type=int, default=3, help="while pruning, or without")
    parser.add_argument("--bfloat16", action="store_true", help="faster only where the processor multiplies bfloat16 itself")
    options = parser.parse_args()
    with distributed.workers("cpu"):
        rows = list(compared(load_cifar10(options.data), options))
        if not distributed.rank():
            print(table(rows))


def compared(data: Dataset, options: argparse.Namespace) -> Iterator[Row]:
    first = replace(DENSE, epochs=options.epochs, bfloat16=options.bfloat16, average=0.0)  # short trainings end before an average is one
    second = replace(first, epochs=options.more, warmup=0.1, rate=DENSE.rate / 2)

    def trained(name: str, width: float, block: Block | None = None) -> nn.Module:
        start = options.out / f"dense{width:g}"
        model = fitted(data, lambda: Cifar10Hybrid(width), first, start)
        plan = {} if block is None else {layer: (block, options.zeros) for layer in PRUNED}
        return fitted(data, lambda: model, second, options.out / name, Pruner(model, plan) if plan else None)

    whole = trained("unpruned", options.width)
    yield row("unpruned", whole, data)
    for block in BLOCKS:
        model = trained("{}x{}".format(*block), options.width, block)
        yield row("{}×{}, {:.0%} zeros".format(*block, options.zeros), model, data)
    bytes = stored(model)
    width = min(WIDTHS, key=lambda width: abs(stored(Cifar10Hybrid(width)) - bytes))
    yield row(f"dense, width {width:g}", trained("narrow", width), data)


def fitted(data: Dataset, build: Callable[[], nn.Module], recipe: Recipe, out: Path, pruner: Pruner | None = None) -> nn.Module:
    """Trained by the recipe, or read where that was finished."""
    torch.manual_seed(recipe.seed)
    model, done = build(), out / "done"
    if done.exists():
        load_weights(out, model)
    else:
        train(model, data.train, data.validation, recipe, out, pruner=pruner, resume=(out / "checkpoint.ckpt").is_file())
        distributed.wait()
        if not distributed.rank():
            done.touch()
    return model


def row(name: str, model: nn.Module, data: Dataset) -> Row:
    return Row(name, top1(model, data.validation), stored(model), *products(model, torch.zeros(1, 3, SIDE, SIDE)))


def stored(model: nn.Module) -> int:
    """Bytes in flash of the weights, each in its smallest form."""
    return sum(stored_bytes(layer.weight) for layer in layers(model))


def layers(model: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    return [layer for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]


def table(rows: list[Row]) -> str:
    head = "| network | validation top-1 | bytes of weights | M MACs | M MACs not by zero |\n| --- | ---: | ---: | ---: | ---: |\n"
    return head + "\n".join(f"| {r.network} | {r.validation:.2f} % | {r.stored_bytes:,} | {r.macs / 1e6:.1f} | {r.nonzero_macs / 1e6:.1f} |" for r in rows)


if __name__ == "__main__":
    main()

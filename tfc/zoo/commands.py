"""The commands that make a model of the zoo: train, prune, test, export."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import nn

from tfc.nas.checkpoint import load_weights
from tfc.nas.data import load_cifar10
from tfc.nas.pruning import Plan, Pruner, block_count, zero_blocks
from tfc.nas.training import Recipe, top1, train
from tfc.zoo.archive import round_weights, save_archive

DEFAULT = Recipe(epochs=12)


def main(build: Callable[[], nn.Module], plan: Plan, name: str, arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and run one command."""
    options = _parser(name).parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    try:
        options.run(build(), plan, options)
    except (FileNotFoundError, ValueError) as error:
        raise SystemExit(f"error: {error}") from None


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m tfc.zoo.{name}")
    commands = parser.add_subparsers(required=True)
    for run, text in ((_train, "train dense"), (_prune, "prune gradually while training on"), (_test, "report the accuracies"), (_export, "write the archive")):
        command = commands.add_parser(run.__name__[1:], help=text)
        command.set_defaults(run=run)
        command.add_argument("--seed", type=int, default=DEFAULT.seed)
        command.add_argument("--threads", type=int, help="processor threads")
        if run is not _train:
            command.add_argument("--from", dest="source", type=Path, required=True, help="folder of the training to start from")
        if run is not _export:
            command.add_argument("--data", type=Path, required=True, help="folder of CIFAR-10 mosaics")
            command.add_argument("--device", default="cpu")
        if run in (_train, _prune):
            command.add_argument("--epochs", type=int, default=DEFAULT.epochs)
            command.add_argument("--batch", type=int, default=DEFAULT.batch)
            command.add_argument("--rate", type=float, default=DEFAULT.rate, help="peak of the learning rate")
            command.add_argument("--warmup", type=float, default=DEFAULT.warmup, help="share of the training before the peak")
            command.add_argument("--small", type=float, default=DEFAULT.small, help="share of the epochs that see smaller images")
            command.add_argument("--hole", type=int, default=DEFAULT.hole, help="side of the grey square in each image, pixels")
            command.add_argument("--bfloat16", action="store_true", help="only faster where the processor multiplies bfloat16 itself")
            command.add_argument("--shards", type=int, default=1, help="parts of a batch computed side by side; on a busy CPU faster than threads")
            command.add_argument("--resume", action="store_true", help="continue from the checkpoint in --out")
        if run is not _test:
            command.add_argument("--out", type=Path, required=True, help="the .pt2 file" if run is _export else "folder of checkpoint and metrics")
    return parser


def _train(model: nn.Module, plan: Plan, options: argparse.Namespace) -> None:
    _fit(model, None, options)


def _prune(model: nn.Module, plan: Plan, options: argparse.Namespace) -> None:
    load_weights(options.source, model)
    model.to(options.device)
    _fit(model, Pruner(model, plan), options)


def _fit(model: nn.Module, pruner: Pruner | None, options: argparse.Namespace) -> None:
    data = load_cifar10(options.data)
    fields = ("epochs", "batch", "rate", "warmup", "small", "hole", "seed", "bfloat16")
    recipe = Recipe(**{field: getattr(options, field) for field in fields})
    device = options.device
    train(model.to(device), data.train.to(device), data.validation.to(device), recipe, options.out, pruner=pruner, resume=options.resume, shards=options.shards)


def _test(model: nn.Module, plan: Plan, options: argparse.Namespace) -> None:
    load_weights(options.source, model)
    data = load_cifar10(options.data)
    for rounded in (False, True):
        if rounded:
            round_weights(model)
        for part, split in (("validation", data.validation), ("test", data.test)):
            accuracy = top1(model.to(options.device), split.to(options.device))
            print(f"{part} top-1 {accuracy:.2f} %{', weights rounded to half precision' if rounded else ''}")
    layers = dict(model.named_modules())
    for name, (block, _) in plan.items():
        weight = layers[name].weight
        print(f"{name} {block[0]}x{block[1]}: {100 * zero_blocks(weight, block) / block_count(weight, block):.1f} % of blocks are zero")


def _export(model: nn.Module, plan: Plan, options: argparse.Namespace) -> None:
    load_weights(options.source, model)
    round_weights(model)
    save_archive(model, torch.zeros(1, 3, 32, 32), options.out)
    print(f"{options.out}: {options.out.stat().st_size} bytes")

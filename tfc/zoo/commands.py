"""The commands that make a model of the zoo: train, prune, quantize, test, export, and all of them in one."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tfc.nas import distributed
from tfc.nas.checkpoint import METRICS, finished, load_weights, save_weights
from tfc.nas.data import load_cifar10
from tfc.nas.pruning import Plan, Pruner, as_pruned, stored_bytes, weight_of, zero_share
from tfc.nas.recipe import Recipe
from tfc.nas.rounding_places import quantize_aware
from tfc.nas.training import top1, train
from tfc.zoo.archive import ready, save_archive

EXAMPLE = (2, 3, 32, 32)
STAGES = ("train", "prune", "quantize")
HELP = {
    "train": "train dense",
    "prune": "prune gradually while training on",
    "quantize": "train on with the roundings of int8; zeros stay",
    "all": "train, prune, quantize, export; what is finished is not repeated",
    "test": "report accuracies and zeros",
    "export": "write the archive that tfc compiles",
    "warm": "write half-precision weights, from which another training can start",
    "curves": "draw the metrics of trainings as PNG",
}


@dataclass(frozen=True)
class ZooModel:
    """A network, the blocks that it loses, and what each stage of its making is like."""

    name: str
    build: Callable[[], nn.Module]
    plan: Plan
    recipes: Mapping[str, Recipe]  # by stage


def main(zoo: ZooModel, arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and run one command."""
    options = _parser(zoo).parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        with distributed.workers(options.device) as options.device:
            options.run(zoo, options)
    except (FileNotFoundError, ValueError) as error:
        raise SystemExit(f"error: {error}") from None


def _parser(zoo: ZooModel) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m tfc.zoo.{zoo.name}")
    commands = parser.add_subparsers(required=True)
    for run in (_train, _prune, _quantize, _all, _test, _export, _warm, _curves):
        name = run.__name__[1:]
        command = commands.add_parser(name, help=HELP[name], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        command.set_defaults(run=run, stage=name)
        command.add_argument("--threads", type=int, help="processor threads")
        command.add_argument("--device", default="cpu", help="cpu or cuda")
        if name not in ("train", "all"):
            source = "folder of a training, or a file of warm weights"
            command.add_argument("--from", dest="source", type=Path, required=True, help=source, nargs="+" if name == "curves" else None)
        if name in (*STAGES, "all", "test"):
            command.add_argument("--data", type=Path, required=True, help="CIFAR-10: folder of mosaics, cifar-10-batches-py, or a .npz")
        if name in STAGES:
            command.add_argument("--resume", action="store_true", help="continue from the checkpoint in --out")
            command.add_argument(
                "--teacher", help="whose answers count (see --distill): folder or weights of this network, or MODEL:PATH of another of the zoo"
            )
            _add_recipe(command, zoo.recipes[name])
        if name == "train":
            command.add_argument("--from", dest="source", type=Path, help="start from these weights instead of random ones")
        if name != "test":
            command.add_argument("--out", type=Path, required=True, help="folder" if name in (*STAGES, "all") else "file")
    return parser


def _add_recipe(command: argparse.ArgumentParser, recipe: Recipe) -> None:
    for field in fields(Recipe):
        option, default, text = f"--{field.name.replace('_', '-')}", getattr(recipe, field.name), field.metadata["help"]
        if isinstance(default, bool):
            command.add_argument(option, action=argparse.BooleanOptionalAction, default=default, help=text)
        else:
            command.add_argument(option, type=type(default), default=default, help=text)


def _train(zoo: ZooModel, options: argparse.Namespace) -> None:
    torch.manual_seed(options.seed)
    model = zoo.build()
    if options.source:
        load_weights(options.source, model)
    _fit(zoo, model, None, options)


def _prune(zoo: ZooModel, options: argparse.Namespace) -> None:
    model = zoo.build().to(options.device)
    load_weights(options.source, model)
    _fit(zoo, model, Pruner(model, zoo.plan), options)


def _quantize(zoo: ZooModel, options: argparse.Namespace) -> None:
    model = zoo.build()
    load_weights(options.source, model)
    rounding = quantize_aware(model, torch.zeros(EXAMPLE)).to(options.device)
    _fit(zoo, rounding, Pruner(rounding, as_pruned(model, zoo.plan), ramp=0), options)


def _fit(zoo: ZooModel, model: nn.Module, pruner: Pruner | None, options: argparse.Namespace) -> None:
    recipe = Recipe(**{field.name: getattr(options, field.name) for field in fields(Recipe)})
    data, device, teacher = load_cifar10(options.data), options.device, None
    if options.teacher:
        teacher = _teacher(zoo, str(options.teacher)).to(device)
    images = data.whole() if recipe.whole else data.train
    train(model.to(device), images.to(device), data.validation.to(device), recipe, options.out, pruner=pruner, teacher=teacher, resume=options.resume)


def _teacher(zoo: ZooModel, text: str) -> nn.Module:
    """The network that `--teacher` names, ready to answer."""
    name, _, path = text.rpartition(":")
    if name:
        try:
            zoo = import_module(f"tfc.zoo.{name}").ZOO
        except (ImportError, AttributeError):
            raise ValueError(f"'{name}' is no model of the zoo") from None
    teacher = zoo.build()
    load_weights(Path(path), teacher)
    return teacher.eval()


def _all(zoo: ZooModel, options: argparse.Namespace) -> None:
    """Each stage begins from the one before it and learns from the first; an interrupted one is resumed."""
    before = None
    for stage, run in zip(STAGES, (_train, _prune, _quantize), strict=True):
        recipe, out = zoo.recipes[stage], options.out / stage
        teacher = options.out / STAGES[0] if recipe.distill else None
        given: dict[str, Any] = {field.name: getattr(recipe, field.name) for field in fields(Recipe)}
        given |= {"source": before, "out": out, "teacher": teacher, "resume": (out / "checkpoint.ckpt").is_file()}
        if not finished(out, recipe.epochs):
            run(zoo, argparse.Namespace(**{**vars(options), **given}))
        before = out
    if not distributed.rank():
        _export(zoo, argparse.Namespace(source=before, out=options.out / f"{zoo.name}.pt2"))
        _curves(zoo, argparse.Namespace(source=[options.out / stage for stage in STAGES], out=options.out / "curves.png"))


def _loaded(zoo: ZooModel, source: Path) -> nn.Module:
    """The network of a training, whether it rounds or not."""
    model = zoo.build()
    try:
        load_weights(source, model)
    except ValueError:
        model = quantize_aware(zoo.build(), torch.zeros(EXAMPLE))
        load_weights(source, model)
    return model


def _test(zoo: ZooModel, options: argparse.Namespace) -> None:
    model, data = _loaded(zoo, options.source).to(options.device), load_cifar10(options.data)
    for rounding in (False, True):
        if rounding:
            ready(model)
        for part, split in (("validation", data.validation), ("test", data.test)):
            accuracy = top1(model, split.to(options.device))
            print(f"{part} top-1 {accuracy:.2f} %{', weights rounded to half precision' if rounding else ''}")
    for name, (block, _) in zoo.plan.items():
        weight = weight_of(model, name)
        zeros, stored = 100 * zero_share(weight, block), stored_bytes(weight)
        print(f"{name} {block[0]}x{block[1]}: {zeros:.1f} % of blocks are zero, {stored} bytes stored of {weight.numel()}")


def _export(zoo: ZooModel, options: argparse.Namespace) -> None:
    save_archive(ready(_loaded(zoo, options.source)), torch.zeros(1, *EXAMPLE[1:]), options.out)
    print(f"{options.out}: {options.out.stat().st_size} bytes")


def _warm(zoo: ZooModel, options: argparse.Namespace) -> None:
    save_weights(_loaded(zoo, options.source), options.out)
    print(f"{options.out}: {options.out.stat().st_size} bytes")


def _curves(zoo: ZooModel, options: argparse.Namespace) -> None:
    from tfc.zoo.curves import draw  # matplotlib is slow to load, and training does without

    draw({folder.name: folder / METRICS for folder in options.source}, options.out)
    print(f"{options.out}: curves of {', '.join(folder.name for folder in options.source)}")

"""Write a model as a small torch.export archive."""

import io
import sys
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn

from tfc.nas.quantizing import freeze
from tfc.nas.training import set_layout


@torch.no_grad()
def round_weights(model: nn.Module) -> None:
    """Round every parameter to half precision, kept as float32, in place: deflate then removes half of its bytes."""
    for parameter in model.parameters():
        parameter.copy_(parameter.half().float())


def ready(model: nn.Module) -> nn.Module:
    """The model as it is exported, in place: levels frozen where it has any, weights in half precision."""
    if isinstance(model, torch.fx.GraphModule):
        freeze(model)
    round_weights(model)
    return model


def save_archive(model: nn.Module, example: Tensor, path: Path) -> None:
    """Export the model in evaluation mode, compressed, to what torch.export.load reads; equal weights give equal bytes."""
    model.eval()
    set_layout(model, torch.contiguous_format)
    program = torch.export.export(model, (example,))
    for node in program.graph.nodes:
        if "stack_trace" in node.meta:
            node.meta["stack_trace"] = _relative(node.meta["stack_trace"])
    plain = io.BytesIO()
    torch.export.save(program, plain)
    unfinished = path.with_name(path.name + ".part")
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(unfinished, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name)  # dated 1980
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name), compresslevel=9)
    unfinished.replace(path)


def _relative(trace: str) -> str:
    """A stack trace whose files are named as modules are found, not as they lie on this machine."""
    ours = str(Path(__file__).parents[2])  # an editable installation is not on the search path
    for folder in sorted({ours, *filter(None, sys.path)}, key=len, reverse=True):
        trace = trace.replace(f'File "{folder.rstrip("/")}/', 'File "')
    return trace

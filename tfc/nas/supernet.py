"""A supernet: one set of weights that all paths of a space share."""

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call

from tfc.nas.augment import shrink
from tfc.nas.candidates import Candidate
from tfc.nas.parts import ENDS
from tfc.nas.pruning import block_count, block_mask
from tfc.nas.space import Space
from tfc.nas.space_file import Choice

# Layers that hold several weights side by side, of each of which a path takes the first channels: axis, how many.
SEVERAL = {"fuse.0": (1, 2), "attention.qkv": (0, 3)}


class Supernet(nn.Module):
    """The largest part of each kind; a path computes with a corner of them.

    A path takes the first channels of widths, tokens and hidden layers, the first layers of depths, the middle of kernels
    (Cai et al., "Once-for-All", arXiv 1908.09791, without its transformations of kernels). Kinds of stages share nothing.
    """

    def __init__(self, space: Space) -> None:
        super().__init__()
        self.space, self.path = space, space.largest
        largest = space.build(space.largest)
        self.classifier = largest.get_submodule("classifier")
        self.parts = nn.ModuleDict({part: largest.get_submodule(f"body.{part}") for part in ENDS})
        for part in space.parts[1:-1]:
            for kind in space.choices[f"{part}.kind"]:
                self.parts[f"{part}_{kind}"] = space.build(space.largest_of({f"{part}.kind": kind})).get_submodule(f"body.{part}")
        # Every path normalises with the statistics of its own batch; those of the largest would be wrong for the others.
        for norm in norms(self):
            forget(norm)

    def activate(self, path: Mapping[str, Choice]) -> None:
        """Answer with this path from now on; a Diagnostic names a choice that it cannot make."""
        self.path = self.space.canonical(path)

    def forward(self, x: Tensor, candidates: Sequence[Candidate] = ()) -> Tensor:
        """Images [n, channels, side, side] of 0..1 to the logits [n, classes] of the active path, or [candidates, n, classes] of these."""
        return torch.stack([self._answer(x, each) for each in candidates]) if candidates else self._answer(x, Candidate(self.path, {}))

    def inherit(self, path: Mapping[str, Choice]) -> nn.Module:
        """`space.build(path)` with a copy of the shared weights; its batch norms want `recalibrate` before they are used for evaluation."""
        path = self.space.canonical(path)
        model = self.space.build(path).to(next(self.parameters()).device)
        model.load_state_dict({name: weight.detach() for name, weight in self._shared(model, path)}, strict=False)
        return model

    def _answer(self, x: Tensor, candidate: Candidate) -> Tensor:
        with torch.device("meta"):
            skeleton = self.space.build(candidate.path)
        for norm in norms(skeleton):
            forget(norm)
        weights = dict(self._shared(skeleton, candidate.path))
        for layer, (block, zeros) in candidate.sparsity.items():
            weight = weights[f"{layer}.weight"]
            weights[f"{layer}.weight"] = weight * block_mask(weight, block, round(zeros * block_count(weight, block)))
        side = self.space.shape(candidate.path)[-1]
        logits: Tensor = functional_call(skeleton, weights, (shrink(x, side) if x.shape[-1] > side else x,))
        return logits

    def _shared(self, model: nn.Module, path: Mapping[str, Choice]) -> Iterator[tuple[str, Tensor]]:
        """For each parameter of the path's network its part of the shared one."""
        for name, own in model.named_parameters():
            _, part, rest = name.split(".", 2) if name.startswith("body.") else ("", "", "")
            kind = path.get(f"{part}.kind")
            place = f"parts.{part}_{kind}.{rest}" if kind else f"parts.{part}.{rest}" if part else name
            several = next((value for layer, value in SEVERAL.items() if name.rpartition(".")[0].endswith(layer)), None)
            yield name, corner(self.get_parameter(place), own.shape, several)


def corner(shared: Tensor, shape: Sequence[int], several: tuple[int, int] | None = None) -> Tensor:
    """The part of this shape: the first channels of axes 0 and 1, the middle of the others; of each of `several` weights side by side."""
    for axis, size in enumerate(shape):
        if several and axis == several[0]:
            whole = torch.unflatten(shared, axis, (several[1], -1))
            shared = whole.narrow(axis + 1, 0, size // several[1]).flatten(axis, axis + 1)
        else:
            shared = shared.narrow(axis, (shared.shape[axis] - size) // 2 if axis > 1 else 0, size)
    return shared


def norms(model: nn.Module) -> list[nn.BatchNorm2d]:
    return [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]


def forget(norm: nn.BatchNorm2d) -> None:
    """Keep no running statistics: every batch is normalised by its own."""
    norm.running_mean = norm.running_var = norm.num_batches_tracked = None
    norm.track_running_stats = False


@torch.no_grad()
def recalibrate(model: nn.Module, batches: Sequence[Tensor]) -> None:
    """Running statistics of batch norms as the mean over these batches of float images; in evaluation mode afterwards.

    (Yu and Huang, arXiv 1903.05134, section 3.2.)
    """
    model.eval()
    kept = [(norm, norm.momentum) for norm in norms(model)]
    for norm, _ in kept:
        norm.reset_running_stats()
        norm.train()
        norm.momentum = None  # the plain mean
    for x in batches:
        model(x)
    for norm, momentum in kept:
        norm.eval()
        norm.momentum = momentum

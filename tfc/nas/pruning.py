"""Block pruning by magnitude: whole blocks of output x input channels at one kernel position become zero."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import pad

Block = tuple[int, int]
Plan = Mapping[str, tuple[Block, float]]  # layer name to (block, share of blocks that become zero)
FEW = 4  # input channels, up to which kernels read weights row by row


def block_scores(weight: Tensor, block: Block) -> Tensor:
    """Sum of squares of each block, [out / rows, in / columns, positions]; blocks at the edges may be incomplete."""
    rows, columns = block
    grid = weight.detach().reshape(weight.shape[0], weight.shape[1], -1).square()
    grid = pad(grid, (0, 0, 0, -grid.shape[1] % columns, 0, -grid.shape[0] % rows))
    return grid.reshape(grid.shape[0] // rows, rows, grid.shape[1] // columns, columns, -1).sum(dim=(1, 3))


def block_count(weight: Tensor, block: Block) -> int:
    """How many blocks the weight [out, in, ...] has."""
    return -(-weight.shape[0] // block[0]) * -(-weight.shape[1] // block[1]) * weight[0, 0].numel()


def block_mask(weight: Tensor, block: Block, zeros: int) -> Tensor:
    """A mask of zeros and ones shaped like the weight [out, in, ...], zero in this many blocks: those with the least magnitude."""
    scores = block_scores(weight, block)
    keep = torch.ones_like(scores).flatten()
    keep[scores.flatten().argsort(stable=True)[:zeros]] = 0
    mask = keep.reshape(scores.shape).repeat_interleave(block[0], 0).repeat_interleave(block[1], 1)
    return mask[: weight.shape[0], : weight.shape[1]].reshape(weight.shape)


def zero_blocks(weight: Tensor, block: Block) -> int:
    """How many blocks are entirely zero."""
    return int((block_scores(weight, block) == 0).sum())


def zero_share(weight: Tensor, block: Block) -> float:
    """Share of the blocks that are entirely zero."""
    return zero_blocks(weight, block) / block_count(weight, block)


def stored_bytes(weight: Tensor) -> int:
    """Bytes in flash of the weight [out, in, ...] as int8, in the smallest format that kernels read: pairs of channels, or a stream of some block;
    row by row only where there are few input channels."""
    from tfc.backends.formats import ALL, matrix  # training does without the compiler

    few = weight.ndim == 4 and weight.shape[1] <= FEW
    integers = rounded_integers(weight).transpose(0, *range(2, weight.ndim), 1)  # the order in which kernels read
    return min(form.size(matrix(integers)) for form in ALL if few or form.name != "dense")


def rounded_integers(weight: Tensor) -> NDArray[np.int8]:
    """int8 weights with a scale for each output channel."""
    flat = weight.detach().flatten(1)
    steps = flat / (flat.abs().amax(1, keepdim=True).clamp(min=1e-12) / 127)
    return steps.round().reshape(weight.shape).to(torch.int8).cpu().numpy()


def weight_of(model: nn.Module, layer: str) -> Tensor:
    """The weight of a layer by its name."""
    weight = model.get_submodule(layer).weight
    assert isinstance(weight, Tensor)
    return weight


@torch.no_grad()
def products(model: nn.Module, image: Tensor) -> tuple[int, int]:
    """Multiply-accumulates of convolutions and linears for an image [1, ...], all and those whose weight is not zero; in evaluation mode afterwards."""
    counts: list[tuple[int, int]] = []

    def count(layer: nn.Module, _: object, y: Tensor) -> None:
        assert isinstance(layer.weight, Tensor)
        places = y.numel() // len(layer.weight)
        counts.append((places * layer.weight.numel(), places * int(torch.count_nonzero(layer.weight))))

    hooks = [layer.register_forward_hook(count) for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    model.eval()(image)
    for hook in hooks:
        hook.remove()
    return sum(dense for dense, _ in counts), sum(nonzero for _, nonzero in counts)


class Pruner:
    """Masks for the weights a plan names, tightened along a cubic ramp (Zhu and Gupta, arXiv 1710.01878) and applied after each step."""

    def __init__(self, model: nn.Module, plan: Plan, *, ramp: float = 0.5) -> None:
        """`ramp` is the share of the training after which sparsity is reached; masks then stay. ValueError lists the valid layer names."""
        layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, nn.Linear | nn.Conv2d)}
        unknown = sorted(set(plan) - set(layers))
        if unknown:
            raise ValueError(f"no convolution or linear layer named {', '.join(unknown)}; there are {', '.join(layers)}")
        grouped = [name for name in plan if getattr(layers[name], "groups", 1) > 1]
        if grouped:
            raise ValueError(f"grouped convolutions cannot be pruned in blocks of channels: {', '.join(grouped)}")
        wrong = [name for name, (_, sparsity) in plan.items() if not 0 <= sparsity < 1]
        if wrong:
            raise ValueError(f"sparsity must lie in 0 <= s < 1; it does not for {', '.join(wrong)}")
        self.plan, self.ramp = dict(plan), ramp
        self.weights: dict[str, Tensor] = {name: layers[name].weight for name in plan}
        self.masks: dict[str, Tensor] = {}
        self.zeros: dict[str, int] = {}  # blocks that are zero now
        self.load({name: torch.ones_like(weight) for name, weight in self.weights.items()})

    def load(self, masks: Mapping[str, Tensor]) -> None:
        """Go on from these masks, by layer name."""
        self.masks = {name: masks[name].to(weight.device) for name, weight in self.weights.items()}
        self.zeros = {name: zero_blocks(mask, self.plan[name][0]) for name, mask in self.masks.items()}

    @torch.no_grad()
    def apply(self, model: nn.Module) -> None:
        """Zero the masked weights of another copy of the network, in place."""
        for name, mask in self.masks.items():
            weight_of(model, name).mul_(mask)

    @torch.no_grad()
    def step(self, progress: float) -> None:
        """Call after each optimizer step; `progress` is the share of the training that is done, 0..1."""
        ramped = min(1.0, progress / self.ramp) if self.ramp else 1.0
        for name, weight in self.weights.items():
            block, sparsity = self.plan[name]
            weight.mul_(self.masks[name])
            wanted = round(sparsity * (1 - (1 - ramped) ** 3) * block_count(weight, block))
            if wanted > self.zeros[name]:  # a block once zero scores zero: masks only tighten
                self.masks[name], self.zeros[name] = block_mask(weight, block, wanted), wanted
                weight.mul_(self.masks[name])


def prune(model: nn.Module, plan: Plan) -> Pruner:
    """Zero the weakest blocks at once, in place: `prune(model, {"head.0": ((1, 4), 0.75)})`; the pruner keeps them zero in later training."""
    pruner = Pruner(model, plan, ramp=0)
    pruner.step(1.0)
    return pruner


def as_pruned(model: nn.Module, plan: Plan) -> Plan:
    """The plan with the share of blocks that are zero now: for going on with a pruned network."""
    return {name: (block, zero_share(weight_of(model, name), block)) for name, (block, _) in plan.items()}

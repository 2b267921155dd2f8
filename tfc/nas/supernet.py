"""A supernet: one set of weights that all paths of a space share."""

from collections.abc import Mapping

from torch import nn

from tfc.nas.space import Space
from tfc.nas.space_file import Choice


class Supernet(nn.Module):
    """The largest part of each kind; a path computes with a corner of them.

    A path takes the first channels of widths, tokens and hidden layers, the first layers of depths, the middle of kernels
    (Cai et al., "Once-for-All", arXiv 1908.09791, without its transformations of kernels). Kinds of stages share nothing.
    """

    def __init__(self, space: Space) -> None:
        super().__init__()
        self.space = space
        self.path = space.largest

    def activate(self, path: Mapping[str, Choice]) -> None:
        """Answer with this path from now on; a Diagnostic names a choice that it cannot make."""
        self.path = self.space.canonical(path)

    def inherit(self, path: Mapping[str, Choice]) -> nn.Module:
        """`space.build(path)` with a copy of the shared weights; its batch norms still want `recalibrate`."""
        raise NotImplementedError

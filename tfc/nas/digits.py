"""scikit-learn's handwritten digits: 1,797 grey images of 8x8 pixels, for trying things in seconds."""

import numpy as np
import torch

from tfc.ir.diagnostic import Diagnostic
from tfc.nas.dataset import Dataset, Split

VALIDATION, TEST = 400, 397


def load_digits() -> Dataset:
    """The digits in their order: nobody who wrote the last ones wrote the first. A Diagnostic if scikit-learn is not installed."""
    try:
        from sklearn import datasets
    except ImportError:
        raise Diagnostic("the digits come with scikit-learn, which is not installed", help="pip install 'tfc[search]'") from None
    digits = datasets.load_digits()
    x = torch.from_numpy(np.rint(digits.images[:, None] * (255 / 16)).astype(np.uint8))
    y = torch.from_numpy(digits.target.astype(np.int64))
    train, validation, test = (
        Split(*parts) for parts in zip(*(torch.split(part, [len(y) - VALIDATION - TEST, VALIDATION, TEST]) for part in (x, y)), strict=True)
    )
    return Dataset(train, validation, test)

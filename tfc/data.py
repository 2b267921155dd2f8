"""Samples from files: arrays in the model's own layout, uint8 images, or a folder of image files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import quantize_array
from tfc.ir.graph import Graph, Node, Tensor
from tfc.ir.types import Quantization, Shape

IMAGES = {".png", ".jpg", ".jpeg", ".bmp", ".webp", ".ppm"}
PART = 1024  # samples
FORMS = "a .npy or .npz of float32 in the model's own input layout, or of uint8 images [N, H, W, C], or a folder of images"


def input_shape(arg: Node) -> Shape:
    """The shape of the model's own input, which the value may transpose."""
    axes = arg.attrs.get("axes") or tuple(range(len(arg.type.shape)))
    return tuple(arg.type.shape[axes.index(axis)] for axis in range(len(axes)))


def read_inputs(path: Path, graph: Graph) -> list[Tensor]:
    """Samples for each argument: float32 of shape [N, *input shape], N alike for all.

    Pixels are scaled to 0…1 and transposed to the model's layout. A single sample may come without the leading axis.
    """
    arrays = _read(path)
    arguments = graph.arguments
    if len(arrays) != len(arguments):
        raise Diagnostic(f"{path} holds {len(arrays)} arrays, @{graph.name} has {len(arguments)} inputs", help=FORMS)
    inputs = [_fit(array, input_shape(arg), f"{path} for %{arg.name}") for array, arg in zip(arrays, arguments, strict=True)]
    if len({len(x) for x in inputs}) != 1:
        raise Diagnostic(f"{path} holds {', '.join(str(len(x)) for x in inputs)} samples for its inputs, not equally many")
    if not len(inputs[0]):
        raise Diagnostic(f"{path} holds no sample", help=FORMS)
    return inputs


def sample_shapes(path: Path) -> list[Shape]:
    """The shape of a model's input, batch 1, for each array of samples [N, …]: what the data says where the model does not."""
    return [(1, *_one_shape(array)) for array in _read(path)]


def _one_shape(array: Tensor) -> Shape:
    shape = array.shape[1:]
    if array.dtype == np.uint8 and array.ndim in (3, 4):  # images, the last axis is the channels
        height, width, channels = array.shape[-3:]
        return channels, height, width
    return shape[1:] if array.ndim > 4 and shape[0] == 1 else shape


def random_inputs(graph: Graph, samples: int = 32, seed: int = 0) -> list[Tensor]:
    """Uniform noise in 0…1: enough to try a road, not to judge accuracy."""
    rng = np.random.default_rng(seed)
    return [rng.random((samples, *input_shape(arg)), np.float32) for arg in graph.arguments]


def _read(path: Path) -> list[Tensor]:
    if path.is_dir():
        return [_read_folder(path)]
    try:
        loaded = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise Diagnostic(f"{path} does not exist", help=FORMS) from None
    except (OSError, ValueError, EOFError) as error:
        raise Diagnostic(f"{path} holds no arrays: {error}", help=FORMS) from None
    if isinstance(loaded, np.ndarray):
        return [loaded]
    try:
        return [loaded[name] for name in loaded.files]
    except ValueError as error:
        raise Diagnostic(f"{path} holds no plain arrays: {error}", help=FORMS) from None


def _read_folder(folder: Path) -> Tensor:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGES)
    if not files:
        raise Diagnostic(f"{folder} holds no images", help=f"known suffixes: {' '.join(sorted(IMAGES))}")
    images = []
    for file in files:
        try:
            images.append(np.asarray(Image.open(file).convert("RGB")))
        except (UnidentifiedImageError, OSError) as error:
            raise Diagnostic(f"{file} is no image: {error}") from None
    if len({image.shape for image in images}) != 1:
        raise Diagnostic(f"the images of {folder} differ in size: {sorted({image.shape for image in images})}")
    return np.stack(images)


def _fit(array: Tensor, shape: Shape, what: str) -> Tensor:
    """An array as float32 samples [N, *shape]; images become 0…1 in the model's layout."""
    if array.dtype == np.uint8 and len(shape) == 4:
        images = array if array.ndim == 4 else array[None]
        if images.shape[1:] != (shape[2], shape[3], shape[1]):
            raise Diagnostic(f"{what} holds images of {images.shape[1:]}, the model takes {(shape[2], shape[3], shape[1])} (H, W, C)", help=FORMS)
        return (images.transpose(0, 3, 1, 2)[:, None] / np.float32(255)).astype(np.float32)
    if array.dtype.kind not in "fiu":
        raise Diagnostic(f"{what} holds {array.dtype}, not numbers", help=FORMS)
    one = {shape, shape[1:] if shape[:1] == (1,) else shape}
    if array.shape in one or array.shape[1:] in one:
        return array.reshape(-1, *shape).astype(np.float32)
    raise Diagnostic(f"{what} has shape {array.shape}, the model takes samples of {shape}", help=FORMS)


def read_labels(path: Path, samples: int) -> Tensor:
    """Class numbers, one for each sample."""
    labels = _read(path)[0].reshape(-1)
    if labels.dtype.kind not in "iu" or len(labels) != samples:
        raise Diagnostic(f"{path} holds {len(labels)} labels of {labels.dtype} for {samples} samples")
    return labels


def quantize_inputs(graph: Graph, samples: Sequence[Tensor]) -> list[Tensor]:
    """Floats in the model's own layout as the integers that its arguments take, in that layout still."""
    quantizations = [arg.type.quantization for arg in graph.arguments]
    return [_quantize(x, q) for x, q in zip(samples, quantizations, strict=True) if q is not None]


def _quantize(x: Tensor, quantization: Quantization) -> Tensor:
    """A part at a time: on the way to bytes a number takes several doubles."""
    whole = np.empty(x.shape, np.int8)
    for first in range(0, len(x), PART):
        whole[first : first + PART] = quantize_array(x[first : first + PART], quantization)
    return whole

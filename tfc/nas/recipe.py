"""What decides how a training goes."""

from dataclasses import dataclass, field
from typing import Any


def setting(default: Any, text: str) -> Any:
    """A field of a recipe and what it is."""
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True)
class Recipe:
    """Everything besides model and data that decides what a training gives."""

    epochs: int = setting(1, "passes over the train set")
    batch: int = setting(128, "images a step, over all processes")
    rate: float = setting(0.1, "peak of the learning rate")
    warmup: float = setting(0.2, "share of the training before the peak")
    momentum: float = setting(0.9, "of SGD, after Nesterov")
    weight_decay: float = setting(5e-4, "of matrices and kernels")
    label_smoothing: float = setting(0.1, "share of each label that goes to all classes")
    clip: float = setting(1.0, "largest norm of the gradient; without it the first steps diverge")
    shift: int = setting(4, "pixels by which an image may move")
    mirror: bool = setting(True, "see each image mirrored every other epoch; not for digits and letters")
    hole: int = setting(0, "side of the grey square in each image, pixels; short trainings of small networks do better without")
    mix: float = setting(0.0, "share of batches in which each image gets a piece of another; for long trainings")
    small: float = setting(0.0, "share of the epochs, the first ones, that see images at three quarters of their side: almost half the work")
    average: float = setting(0.0, "decay a step of the moving average of the weights; 0 keeps none")
    distill: float = setting(0.0, "share of the loss that asks for the answer of the teacher")
    temperature: float = setting(2.0, "by which both answers are divided")
    whole: bool = setting(False, "learn from the validation images too, once there is nothing left to choose; validation top-1 then tells nothing")
    seed: int = setting(0, "of weights, order and augmentation")
    bfloat16: bool = setting(False, "faster only where the processor multiplies bfloat16 itself")


def rate_at(progress: float, recipe: Recipe) -> float:
    """The learning rate: a triangle from 0 over its peak, at the end of the warm-up, to 0."""
    return recipe.rate * min(progress / recipe.warmup if recipe.warmup else 1.0, (1 - progress) / (1 - recipe.warmup))

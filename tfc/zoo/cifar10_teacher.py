"""cifar10_teacher: cifar10_hybrid of twice the width, whose answers a smaller network learns from; too large for the chip."""

from torch import nn

from tfc.nas.recipe import Recipe
from tfc.zoo.cifar10_hybrid import Cifar10Hybrid
from tfc.zoo.commands import ZooModel, main


def build() -> nn.Module:
    return Cifar10Hybrid(width=2)


LONG = Recipe(epochs=60, batch=512, rate=0.4, mix=0.5, average=0.999)
ZOO = ZooModel("cifar10_teacher", build, {}, dict.fromkeys(("train", "prune", "quantize"), LONG))

if __name__ == "__main__":
    main(ZOO)

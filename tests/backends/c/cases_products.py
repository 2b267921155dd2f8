"""Products at awkward shapes: odd channels, strides, large windows, zero points at both ends, heads, zeros."""

from __future__ import annotations

from .makers import ENDINGS, WIDE, ZEROS, Case, attention, conv, linear, transposed, two

FAMILIES: dict[str, list[Case]] = {
    "conv2d": [
        *(conv((7, 6, 8), 5, (3, 3), zero=zero, pad=(1, 1, 1, 1)) for zero in ZEROS),
        *(conv((5, 5, 3), 7, (3, 3), ending=ending, stride=(2, 2), pad=(1, 1, 1, 1)) for ending in ENDINGS),
        conv((9, 11, 5), 4, (5, 5), stride=(1, 2), pad=(2, 2, 2, 2)),
        conv((10, 9, 4), 3, (7, 7), stride=(2, 1), pad=(3, 3, 3, 3), zero=-128),
        conv((9, 9, 6), 2, (3, 3), dilation=(2, 2), pad=(2, 2, 2, 2), zero=127),
        conv((6, 5, 12), 1, (2, 3), pad=(0, 1, 1, 0)),
    ],
    "conv2d of other kinds": [
        conv((6, 6, 7), 6, (1, 1), stride=(2, 2)),
        *(conv((6, 6, 16), 9, (3, 3), density=density, pad=(1, 1, 1, 1), ending="table") for density in (0.3, 0.05, 0.0)),
        conv((6, 6, 12), 8, (3, 3), groups=2, pad=(1, 1, 1, 1)),
        conv((6, 6, 6), 12, (3, 3), groups=6, pad=(1, 1, 1, 1), ending="residual"),
    ],
    "pixelwise": [
        conv((1, 1, 16), 9, (1, 1)),
        conv((5, 5, 12), 10, (1, 1)),
        conv((5, 6, 10), 8, (1, 1), density=0.1),
        *(conv((1, 1, 40), out, (1, 1), density=0.4, zero=-128) for out in (1, 6)),
    ],
    "endings of pixels": [*(conv((5, 5, 12), 10, (1, 1), ending=ending) for ending in ENDINGS)],
    "transposed convolutions": [
        *(transposed((4, 5, 6), 5, (3, 3), zero=zero, stride=(2, 2), pad=(1, 1, 1, 1), output_pad=(1, 1)) for zero in ZEROS),
        transposed((4, 3, 6), 4, (2, 4), stride=(2, 3), ending="table", groups=2),
        transposed((5, 4, 3), 4, (3, 2), dilation=(2, 1), pad=(1, 0, 2, 1)),
    ],
    "depthwise": [
        *(conv((7, 9, 8), 8, (3, 3), groups=8, zero=zero, pad=(1, 1, 1, 1)) for zero in ZEROS),
        *(conv((8, 8, 5), 5, (3, 3), groups=5, ending=ending, pad=(1, 1, 1, 1)) for ending in ENDINGS),
        conv((9, 7, 6), 6, (5, 5), groups=6, pad=(2, 2, 2, 2)),
        conv((9, 10, 4), 4, (7, 7), groups=4, pad=(3, 3, 3, 3)),
        conv((9, 10, 7), 7, (3, 3), groups=7, stride=(2, 2), pad=(1, 1, 1, 1)),
        conv((9, 10, 3), 3, (5, 5), groups=3, stride=(2, 2), pad=(2, 2, 2, 2), ending="table"),
        conv((8, 8, 4), 4, (2, 2), groups=4, stride=(1, 1)),
        conv((8, 8, 4), 4, (3, 4), groups=4, stride=(2, 1), pad=(0, 2, 1, 1)),
        conv((8, 9, 4), 4, (3, 3), groups=4, stride=(3, 3)),
        conv((8, 8, 4), 4, (3, 3), groups=4, dilation=(2, 2), pad=(2, 2, 2, 2)),
        conv((3, 1, 9), 9, (3, 3), groups=9, pad=(1, 1, 1, 1)),
        conv((8, 11, 4), 4, (1, 1), groups=4),
    ],
    "few channels": [
        *(conv((9, 8, c), 6, (3, 3), zero=zero, pad=(1, 1, 1, 1)) for c, zero in zip((1, 2, 3, 4), ZEROS, strict=True)),
        *(conv((6, 8, 3), 4, (3, 3), ending=ending, pad=(1, 1, 1, 1)) for ending in ENDINGS),
        *(conv((5, w, 3), 2, (3, 2), pad=(1, 0, 0, 1)) for w in range(1, 8)),
        conv((8, 8, 3), 8, (1, 1)),
    ],
    "few channels, large windows": [
        conv((21, 9, 1), 6, (10, 4), stride=(2, 2), pad=(4, 1, 5, 1)),
        *(conv((9, 8, 3), 4, (7, 7), stride=(2, 2), pad=(3, 3, 3, 3), ending=ending) for ending in ("plain", "clamp", "table")),
        conv((9, 12, 4), 2, (4, 4), stride=(4, 4)),
        conv((7, 5, 2), 3, (1, 5), stride=(3, 1), pad=(2, 2, 1, 2), zero=-128),
        conv((4, 60, 1), 2, (1, 43), zero=127),
    ],
    "depthwise squares": [
        *(conv((h, w, 4), 4, (3, 3), groups=4, pad=(1, 1, 1, 1)) for h in (1, 2, 3) for w in (1, 2, 3, 18)),
        *(conv((h, 11, 3), 3, (size, size), groups=3, pad=(size // 2, 1, 0, 2)) for h, size in ((31, 5), (34, 7), (8, 7))),
        conv((9, 10, 6), 6, (7, 7), groups=6, stride=(2, 2), pad=(3, 3, 3, 3), ending="residual"),
    ],
    "depthwise endings": [
        conv((7, 9, 5), 5, (size, size), groups=5, stride=(stride, stride), ending=ending, pad=(2, 3, 2, 2))
        for size in (3, 5, 7)
        for stride in (1, 2)
        for ending in ("plain", "clamp", "table")
    ],
    "depthwise wide": [
        *(
            conv((5, w, 5), 5, (3, 3), groups=5, pad=(1, 1, 1, 1), ending=ending)
            for w, ending in ((33, "plain"), (64, "table"), (67, "clamp"), (72, "residual"))
        ),
        *(conv((7, 75, 4), 4, (size, size), groups=4, stride=(2, 2), pad=(size // 2,) * 4) for size in (3, 5)),
        conv((4, 41, 3), 3, (3, 3), groups=3, pad=(1, 1, 1, 1)),
    ],
    "depthwise bands": [
        *(conv((h, 3, 5), 5, (3, 3), groups=5, pad=(1, 1, 1, 1)) for h in (32, 33, 67)),
        *(conv((h, 37, 1), 1, (size, size), groups=1, stride=(2, 2), pad=(size // 2,) * 4, ending="clamp") for h, size in ((66, 3), (40, 7))),
    ],
    "linear": [
        *(linear((1, 9), 12, 6, ending=ending) for ending in ENDINGS),
        *(linear((tokens,), 10, 5, zero=ZEROS[tokens % 4]) for tokens in range(1, 9)),
        linear((1,), 33, 10),
        *(linear((1, 1), 22, 8, density=density, ending=ending) for density, ending in zip((1.0, 0.6, 0.3, 0.1, 0.0, 0.5), ENDINGS, strict=True)),
        linear((2, 3), 3, 2, ending="residual table"),
        *(linear((1, 13), 64, 11, density=density, ending="residual") for density in (0.5, 0.1)),
    ],
    "attention": [
        attention((1, 10, 16), 2),
        attention((1, 7, 12), 2, zeros=(-128, 127, -128, 127)),
        attention((2, 5, 15), 3, keys=9),
        attention((1, 1, 8), 1),
        attention((1, 6, 8, 8), 2, patch=(2, 2)),
        attention((1, 6, 6, 10), 2, patch=(3, 2), zeros=(127, -128, 127, -128)),
        attention((1, 4, 6, 4), 1),
        attention((2, 5, 12), 3, keys=9, values=21),
        attention((1, 4, 6, 8), 2, patch=(2, 1), values=4),
        *(attention((1, n, 8), 2, bias=(2, n, n)) for n in (1, 2, 3, 4, 7, 16)),
        attention((4, 5, 12), 2, bias=(4, 2, 5, 5), zeros=(-128, 127, -128, 127)),
        attention((6, 5, 12), 3, keys=9, values=6, bias=(3, 1, 5, 9), step=3),
        attention((2, 6, 10), 2, bias=(6,), step=4, zeros=(127, -128, 127, -128)),
        attention((1, 33, 15), 3, values=27, bias=(3, 33, 33), dtype="i16"),
        attention((2, 5, 8), 1, keys=11, bias=(2, 1, 5, 11), dtype="i16"),
        attention((1, 6, 8, 8), 2, patch=(2, 2), bias=(2, 12, 12), step=2),
        attention((1, 6, 8, 8), 2, patch=(2, 2), bias=(2, 1, 12), dtype="i16"),
        attention((1, 64, 16), 4, bias=(64, 64), step=4),
        attention((1, 19, 66), 2, zeros=(127, -128, 127, -128)),
        attention((1, 5, 72), 2, keys=37, values=80),
        attention((1, 3, 136), 1, keys=18, values=5, bias=(3, 18)),
        attention((1, 35, 64), 1, keys=130),
        attention((2, 14, 6, 12), 3, patch=(2, 2), values=6),
        attention((1, 2, 3), 3, keys=17),
    ],
    "matmul": [
        two("matmul", (1, 2, 5, 7), (1, 2, 7, 9), scale=0.2),
        two("matmul", (6, 8), (8, 4), zeros=(-128, 127), scale=0.2),
        two("matmul", (3, 4, 6), (6, 5), scale=0.2),
        two("matmul", (1, 3), (3, 1), constant=True, scale=0.2),
        two("matmul", (5, 3), (2, 3, 6), scale=0.2),
        two("matmul", (21, 37), (37, 41), scale=0.2),
        two("matmul", (18, 5), (5, 76), zeros=(127, -128), scale=0.2),
        two("matmul", (2, 3, 130), (2, 130, 2), scale=0.2),
    ],
    "sparse": [
        *(conv((6, 5, 7), 9, (3, 3), density=density, zero=zero, pad=(1, 1, 1, 1)) for density in (0.0, 0.02, 0.3, 1.0) for zero in (-128, 127)),
        conv((9, 8, 4), 6, (5, 5), density=0.3, stride=(2, 1), pad=(2, 2, 2, 2), ending="table"),
        conv((7, 8, 3), 5, (5, 5), density=0.02, stride=(1, 2), pad=(2, 0, 1, 2), ending="clamp"),
    ],
    "sparse maps": [
        *(conv((4, w, 8), 6, (3, 3), density=0.3, pad=(1, 1, 1, 1), ending=ending) for w, ending in zip((8, 9, 18, 14, 16), ENDINGS, strict=False)),
        conv((3, 16, 8), 4, (1, 3), density=0.3, dilation=(1, 2), ending="residual table"),
        conv((3, 33, 4), 4, (1, 3), density=0.3, stride=(1, 2), ending="table"),
        conv((4, 13, 4), 4, (2, 4), density=0.5, pad=(0, 1, 1, 2)),
        conv((3, 21, 4), 4, (1, 7), density=0.5, stride=(1, 2), pad=(0, 3, 0, 3)),
    ],
    "sparse linears": [
        *(linear((1, 5), 13, out, density=0.3, ending="residual") for out in range(1, 8)),
        *(linear((tokens,), inputs, 6, density=0.5) for tokens in (1, 2, 3, 4) for inputs in (1, 2, 3, 4, 5)),
        *(linear((tokens,), 24, 8, density=0.3, ending=ending) for tokens, ending in zip((8, 17, 40, 33, 16, 24), ENDINGS, strict=True)),
    ],
    "wide products": [
        *(conv((5, 5, 6), 5, (3, 3), pad=(1, 1, 1, 1), ending=ending, types=WIDE) for ending in ("plain", "clamp", "residual")),
        *(
            conv((5, 5, 8), 6, (1, 1), density=0.2, ending="residual", types=types, clamp=(-50, 90) if types[1] == "i8" else (-9000, 20000))
            for types in (("i8", "i16"), ("i16", "i8"), WIDE)
        ),
        conv((5, 5, 4), 7, (3, 3), ending="residual table", types=("i16", "i8")),
        *(conv((6, 7, 5), 5, (3, 3), groups=5, pad=(1, 1, 1, 1), ending=ending, types=WIDE) for ending in ("plain", "residual")),
        *(conv((6, 8, 3), 4, (3, 3), pad=(1, 1, 1, 1), ending=ending, types=WIDE) for ending in ("plain", "residual")),
    ],
    "wide linears": [
        *(linear((tokens,), 11, 7, zero=-128, ending=ending, types=WIDE) for tokens in (1, 4, 6) for ending in ("plain", "residual")),
        linear((3, 3), 16, 5, ending="residual table", types=("i16", "i8")),
        linear((5,), 12, 4, ending="residual", types=("i8", "i16")),
        *(linear((tokens,), 11, 7, x="i16", density=0.3, types=("i8", "i16")) for tokens in (1, 4, 6)),
        *(linear((5,), inputs, 7, x="i16", ending=ending) for inputs, ending in zip((8, 9, 10, 13, 1, 64), ENDINGS, strict=True)),
        linear((2, 3), 16, 8, x="i16", density=0.2, ending="residual", types=WIDE),
        *(conv((5, 3, 9), 6, (1, 1), x="i16", density=0.3, ending=ending) for ending in ("plain", "clamp", "residual table")),
    ],
}

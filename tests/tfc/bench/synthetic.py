"""Samples that nobody measured."""

from tfc.bench.measure import Sample


def sample(cycles: int, density: float = 1.0, block: str = "", layer: str = "conv3x3_16x16x64_64", kernel: str = "conv2d_s8") -> Sample:
    """Of 1,000 weights, each used a hundred times."""
    return Sample(
        key=f"{layer} {kernel} {density}",
        layer=layer,
        op="conv2d",
        kernel=f"{kernel}_sparse{block}" if block else kernel,
        block=block,
        asked_density=density,
        density=density,
        results=10_000,
        weights=1000,
        macs=100_000,
        nonzero_macs=round(100_000 * density),
        instructions=2 * cycles,
        cycles=cycles,
        stored_bytes=round(1600 * density),
        scratch_bytes=64,
    )

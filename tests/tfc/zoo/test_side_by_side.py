"""The comparison of blocks, on noise: what is trained, what is kept, what it counts."""

from argparse import Namespace
from pathlib import Path

import torch

from tfc.nas.dataset import Dataset, Split
from tfc.zoo.side_by_side import compared, table


def noise(count: int) -> Split:
    generator = torch.Generator().manual_seed(count)
    return Split(torch.randint(256, (count, 3, 32, 32), generator=generator, dtype=torch.uint8), torch.randint(10, (count,), generator=generator))


def test_a_row_for_each_network(tmp_path: Path) -> None:
    data = Dataset(noise(256), noise(20), noise(20))
    options = Namespace(out=tmp_path, width=0.1875, zeros=0.75, epochs=1, more=1, bfloat16=False)
    rows = list(compared(data, options))
    assert [row.network for row in rows] == ["unpruned", "1×1, 75% zeros", "1×4, 75% zeros", "2×4, 75% zeros", "dense, width 0.1875"]
    whole, single, row4, pair, _ = rows
    assert whole.macs == whole.nonzero_macs == single.macs
    assert single.nonzero_macs < 0.5 * whole.macs
    assert single.stored_bytes > row4.stored_bytes > pair.stored_bytes
    assert pair.stored_bytes < 0.6 * whole.stored_bytes
    assert rows == list(compared(data, options)), "what is finished is read"
    assert table(rows).count("\n") == 6

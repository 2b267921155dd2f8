"""Two processes, as torchrun starts them, train one network."""

import subprocess
import sys
from pathlib import Path

import torch

SCRIPT = """
import sys
from pathlib import Path
import torch
from torch import nn
from tfc.nas import distributed
from tfc.nas.dataset import Split
from tfc.nas.recipe import Recipe
from tfc.nas.training import train

torch.manual_seed(0)
model = nn.Sequential(nn.Flatten(), nn.Linear(48, 16), nn.SiLU(), nn.Linear(16, 3))
generator = torch.Generator().manual_seed(0)
y = torch.randint(3, (96,), generator=generator)
x = torch.randint(0, 100, (96, 3, 4, 4), generator=generator)
x[torch.arange(96), y] += 100
data = Split(x.to(torch.uint8), y)
with distributed.workers("cpu"):
    train(model, data, data, Recipe(epochs=3, batch=32, shift=0, average=0.9), Path(sys.argv[1]), resume="resume" in sys.argv)
"""


SUPERNET = """
import sys
from pathlib import Path
import torch
from tfc.nas import distributed
from tfc.nas.digits import load_digits
from tfc.nas.presets import preset
from tfc.nas.recipe import Recipe
from tfc.nas.sandwich import sandwich
from tfc.nas.supernet import Supernet
from tfc.nas.training import train

torch.manual_seed(0)
torch.set_num_threads(1)
space, data = preset("digits").space, load_digits()
with distributed.workers("cpu"):
    supernet = Supernet(space)
    train(supernet, data.train.first(128), data.validation.first(64), Recipe(epochs=1, batch=32, mirror=False), Path(sys.argv[1]), objective=sandwich(space))
    weights = torch.cat([weight.detach().flatten() for weight in supernet.parameters()])
    assert torch.equal(distributed.total(weights.clone()), distributed.count() * weights)  # all processes have the same
"""


def run(tmp_path: Path, out: str, *, processes: int, text: str = SCRIPT) -> tuple[dict[str, torch.Tensor], str]:
    script = tmp_path / "script.py"
    script.write_text(text)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] if processes > 1 else [sys.executable]
    done = subprocess.run([*torchrun, str(script), str(tmp_path / out)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return torch.load(tmp_path / out / "checkpoint.ckpt", weights_only=True)["best"], done.stdout


def test_two_processes_train_what_one_trains(tmp_path):
    alone, _ = run(tmp_path, "alone", processes=1)
    both, printed = run(tmp_path, "both", processes=2)
    assert printed.count("epoch ") == 3, "one of them reports"
    for name, value in alone.items():
        assert torch.allclose(value, both[name], atol=1e-5), name


def test_two_processes_train_one_supernet(tmp_path):
    """Each step leaves parts of it out, the same ones in both."""
    weights, printed = run(tmp_path, "supernet", processes=2, text=SUPERNET)
    assert printed.count("epoch ") == 1
    assert all(bool(value.isfinite().all()) for value in weights.values())
